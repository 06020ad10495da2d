//! What the app's identity trusts: one service account of one cluster.

use super::{AppIdentity, Cluster, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::wish::{self, Wish};
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct FederatedCredential;

/// The one service account that may act as the app: namespace and name.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:webapp:webapp";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

fn made(_document: &Value) -> Result<Made, StepError> {
    Ok(Made {})
}

#[async_trait]
impl Step for FederatedCredential {
    type Needs = (Cluster, AppIdentity);
    type Output = Made;
    const KEY: &'static str = "federated-credential";
    const TITLE: &'static str = "Federated credential";
    const PART: Option<Part> = Some(Part::Roles);

    fn applies(&self, wish: &Wish) -> bool {
        wish.roles.app_identity == wish::AppIdentity::Workload
    }

    fn resource(&self, _wish: &Wish) -> String {
        naming::WEB_APP.to_owned()
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let detail = format!("{} trusts {SERVICE_ACCOUNT}", naming::app_identity(subject.wish));
        vec![line(Self::KEY, naming::WEB_APP, "Federated credential", detail)]
    }

    fn wants(&self, _subject: &Subject<'_>, (cluster, _): &References<Self>) -> Value {
        json!({ "properties": {
            "issuer": cluster.get(|made| made.issuer.clone()),
            "subject": SERVICE_ACCOUNT,
            "audiences": ["api://AzureADTokenExchange"],
        }})
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.azure.arm().get(&place(&cx.subject).federated_credential()).await?, made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).federated_credential(), wants).await?, made)
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
        answer::undone(cx.azure.arm().delete(&place(&cx.subject).federated_credential()).await?)
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
