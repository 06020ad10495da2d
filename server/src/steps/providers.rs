//! The resource providers that everything else needs, registered with the subscription; never taken back.

use super::{AsApproved, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values};
use async_trait::async_trait;
use domain::environment::Part;
use domain::plan;
use domain::wish::Wish;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub struct Providers;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

const NAMESPACES: [&str; 5] = [
    "Microsoft.ContainerService",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.OperationalInsights",
    "Microsoft.Insights",
];

/// Each namespace with its registration state, as some job has seen it a moment ago: they are everybody's.
async fn states_known(cx: &Context<'_>) -> Result<Vec<(&'static str, String)>, StepError> {
    let place = place(&cx.subject);
    let ask = |namespace: &'static str| {
        let id = place.provider(namespace);
        async move { Ok::<_, StepError>((namespace, state(cx.shared(&id).await?.as_ref().as_ref()))) }
    };
    try_join_all(NAMESPACES.map(ask)).await
}

/// The same as they are now.
async fn states(cx: &Context<'_>) -> Result<Vec<(&'static str, String)>, StepError> {
    let place = place(&cx.subject);
    let ask = |namespace: &'static str| {
        let id = place.provider(namespace);
        async move { Ok::<_, StepError>((namespace, state(cx.azure.arm().get(&id).await?.as_ref()))) }
    };
    try_join_all(NAMESPACES.map(ask)).await
}

fn state(provider: Option<&Value>) -> String {
    let state = provider.and_then(|found| found["registrationState"].as_str());
    state.unwrap_or("NotRegistered").to_owned()
}

fn missing(states: &[(&'static str, String)]) -> Vec<&'static str> {
    states.iter().filter(|(_, state)| state != "Registered").map(|(namespace, _)| *namespace).collect()
}

#[async_trait]
impl Step for Providers {
    type Needs = (AsApproved,);
    type Output = Made;
    const KEY: &'static str = "providers";
    const TITLE: &'static str = "Providers";
    const PART: Option<Part> = None;
    const LEAVES: bool = false;

    fn resource(&self, _wish: &Wish) -> String {
        format!("registration of {} providers", NAMESPACES.len())
    }

    fn plan(&self, _subject: &Subject<'_>) -> Vec<plan::Line> {
        let names: Vec<&str> = NAMESPACES.iter().map(|name| name.trim_start_matches("Microsoft.")).collect();
        vec![line(Self::KEY, "Resource providers", "Registration", names.join(", "))]
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        NAMESPACES.iter().map(|name| ((*name).to_owned(), json!("Registered"))).collect::<Map<_, _>>().into()
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        let mut states = states_known(cx).await?;
        if !missing(&states).is_empty() {
            states = self::states(cx).await?;
        }
        if !missing(&states).is_empty() {
            return Ok(Found::Absent);
        }
        let document = states.into_iter().map(|(name, state)| (name.to_owned(), json!(state))).collect::<Map<_, _>>();
        Ok(Found::There { document: document.into(), output: Made {} })
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, _wants: &Value) -> Result<Progress<Made>, StepError> {
        let missing = missing(&states(cx).await?);
        let place = place(&cx.subject);
        let ask = |namespace: &str| {
            let id = place.provider(namespace);
            async move { cx.azure.arm().post(&id, "register", &json!({})).await }
        };
        try_join_all(missing.iter().map(|namespace| ask(namespace))).await?;
        Ok(Progress::Asked { operation: json!({ "registering": missing }), after: cx.next_look() })
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        _asked: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let missing = missing(&states(cx).await?);
        if missing.is_empty() {
            return Ok(Progress::Made(Made {}));
        }
        Ok(Progress::Asked { operation: json!({ "registering": missing }), after: cx.next_look() })
    }

    async fn undo(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone) // others may use them by now
    }
}
