//! The web app in its cluster: asked for as objects, followed until every pod says itself that it can do its work.

mod manifests;
mod rollout;

use self::manifests::Identity;
use self::rollout::Rollout;
use super::patience::{self, arrived, until_right};
use super::{
    AgentPoolVaultRole, AppIdentity, AppVaultRole, Cluster, FederatedCredential, PortalClusterRole, RegistryRole,
    ResourceGroup, Secrets, line, place,
};
use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values};
use async_trait::async_trait;
use azure::kubernetes::{self, Reference};
use domain::environment::Part;
use domain::failure::Failure;
use domain::view::job::Tone;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub struct WebApp;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// `http://203.0.113.24:8080`.
    pub address: String,
}

/// How long a pod may say the same refusal that could still pass by itself, where no right is on its way.
const STUCK_MS: i64 = 3 * 60_000;

/// What the follower remembers between two looks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Watch {
    began: i64,
    ready: i64,
    said: String,
}

fn objects(subject: &Subject<'_>, client_id: Option<String>) -> Vec<(&'static str, Value)> {
    let tenant = &subject.installation.tenant;
    let identity = client_id.as_deref().map(|client_id| Identity { client_id, tenant });
    manifests::all(subject.wish, identity.as_ref())
}

async fn client(cx: &Context<'_>) -> Result<kube::Client, StepError> {
    let connected = cx.azure.kubernetes(place(&cx.subject).cluster().as_str()).await;
    connected.map_err(|error| until_right(cx, error, "the cluster"))
}

fn asked(cx: &Context<'_>, watch: &Watch) -> Progress<Made> {
    Progress::Asked { operation: serde_json::to_value(watch).unwrap_or_default(), after: cx.next_look() }
}

#[async_trait]
impl Step for WebApp {
    type Needs = (
        Cluster,
        PortalClusterRole,
        Secrets,
        Option<AppIdentity>,
        Option<FederatedCredential>,
        Option<AppVaultRole>,
        Option<AgentPoolVaultRole>,
        Option<RegistryRole>,
    );
    type Output = Made;
    const KEY: &'static str = "web-app";
    const TITLE: &'static str = "Web app";
    const PART: Option<Part> = None;

    fn resource(&self, wish: &Wish) -> String {
        let image = wish.web_app.image.as_str();
        let image = image.rsplit('/').next().unwrap_or(image);
        match wish.web_app.replicas {
            1 => format!("{image}, 1 replica"),
            many => format!("{image}, {many} replicas"),
        }
    }

    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        Some(ResourceGroup::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let app = &subject.wish.web_app;
        let detail = format!("{} × {}, told KEY_VAULT_NAME alone, on port {}", app.replicas, app.image, app.port);
        vec![line(Self::KEY, naming::WEB_APP, "Namespace, account, budget, deployment, service", detail)]
    }

    fn wants(&self, subject: &Subject<'_>, needs: &References<Self>) -> Value {
        let client_id = needs.3.as_ref().and_then(|identity| identity.known()).map(|made| made.client_id.clone());
        let objects = objects(subject, client_id).into_iter();
        objects.map(|(name, object)| (name.to_owned(), object)).collect::<Map<_, _>>().into()
    }

    async fn look(&self, cx: &Context<'_>, needs: &References<Self>) -> Result<Found<Made>, StepError> {
        if needs.0.known().is_none() {
            return Ok(Found::Absent);
        }
        let client = client(cx).await?;
        let mut document = Map::new();
        for (name, object) in objects(&cx.subject, None) {
            let Some(reference) = Reference::of(&object) else { continue };
            let found = kubernetes::get(&client, &reference).await;
            match found.map_err(|error| until_right(cx, error, "the cluster"))? {
                Some(found) => document.insert(name.to_owned(), found),
                None => return Ok(Found::Absent),
            };
        }
        match rollout::look(&client).await.map_err(|error| until_right(cx, error, "the cluster"))? {
            Rollout::Complete { address } => Ok(Found::There { document: document.into(), output: Made { address } }),
            _ => Ok(Found::Absent), // applying again what is on its way changes nothing
        }
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        let client = client(cx).await?;
        for (name, _) in objects(&cx.subject, None) {
            let applied = kubernetes::apply(&client, &wants[name], "keystead").await;
            applied.map_err(|error| until_right(cx, error, "the cluster"))?;
        }
        arrived(cx, "the cluster");
        cx.say(Tone::Plain, format!("asked for {}", self.resource(cx.subject.wish)));
        Ok(asked(cx, &Watch { began: cx.now.0, ..Watch::default() }))
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let mut watch: Watch = serde_json::from_value(operation.clone()).unwrap_or_default();
        let client = client(cx).await?;
        let seen = rollout::look(&client).await.map_err(|error| until_right(cx, error, "the cluster"))?;
        let waited = cx.now.0 - watch.began;
        let (why, failure): (Option<String>, Option<Failure>) = match seen {
            Rollout::Complete { address } => {
                cx.say(Tone::Done, format!("every pod is ready; the web app answers at {address}"));
                return Ok(Progress::Made(Made { address }));
            }
            Rollout::Going { ready, wanted, why } => {
                if ready > watch.ready {
                    cx.say(Tone::Done, format!("{ready} of {wanted} pods ready"));
                    watch.ready = ready;
                }
                (why, (waited > patience::LONGEST_MS).then(never_ready))
            }
            Rollout::Stuck { why, failure, final_answer } => {
                // A role that was just given reaches the app's own calls last; only it may take this long.
                let right = failure.mend.is_none() && !why.contains("ErrImage");
                let patience = if right { patience::LONGEST_MS } else { STUCK_MS };
                (Some(why), (final_answer || waited > patience).then_some(failure))
            }
        };
        if let Some(why) = why.filter(|why| *why != watch.said) {
            cx.say(Tone::Waiting, why.clone());
            watch.said = why;
        }
        match failure {
            Some(failure) => Err(StepError::Person { failure }),
            None => Ok(asked(cx, &watch)),
        }
    }

    async fn undo(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone) // it goes with its cluster
    }
}

fn never_ready() -> Failure {
    failure(
        "its pods do not become ready",
        None,
        "Twenty minutes were not enough; the log says what each look saw.",
        "Look at the pods' own log, mend what it names, then retry.",
        None,
    )
}
