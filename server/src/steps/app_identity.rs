//! The web app's own identity, which alone may read the environment's secrets.

use super::{Providers, ResourceGroup, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::wish::{self, Wish};
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct AppIdentity;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub client_id: String,
    pub principal_id: String,
}

fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made {
        client_id: answer::text(document, "/properties/clientId")?,
        principal_id: answer::text(document, "/properties/principalId")?,
    })
}

#[async_trait]
impl Step for AppIdentity {
    type Needs = (Providers, ResourceGroup);
    type Output = Made;
    const KEY: &'static str = "app-identity";
    const TITLE: &'static str = "App identity";
    const PART: Option<Part> = Some(Part::Roles);

    fn applies(&self, wish: &Wish) -> bool {
        wish.roles.app_identity == wish::AppIdentity::Workload
    }

    fn resource(&self, wish: &Wish) -> String {
        naming::app_identity(wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(Self::KEY, self.resource(subject.wish), "User-assigned identity", "the web app’s own")]
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        json!({ "location": subject.wish.region, "tags": subject.tags() })
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.azure.arm().get(&place(&cx.subject).app_identity()).await?, made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).app_identity(), wants).await?, made)
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        answer::undone(cx.azure.arm().delete(&place(&cx.subject).app_identity()).await?)
    }

    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        _needs: &References<Self>,
        operation: &Value,
    ) -> Result<Undo, StepError> {
        answer::followed_undo(cx, operation).await
    }
}
