//! What the app's identity trusts: one service account of one cluster.

use super::resource::Resource;
use super::{AppIdentity, Cluster, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
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

impl Resource for FederatedCredential {
    type Needs = (Cluster, AppIdentity);
    type Output = Made;
    const KEY: &'static str = "federated-credential";
    const TITLE: &'static str = "Federated trust";
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

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).federated_credential())
    }

    fn wants(&self, _subject: &Subject<'_>, (cluster, _): &References<Self>) -> Value {
        json!({ "properties": {
            "issuer": cluster.get(|made| made.issuer.clone()),
            "subject": SERVICE_ACCOUNT,
            "audiences": ["api://AzureADTokenExchange"],
        }})
    }

    fn made(_document: &Value) -> Result<Made, StepError> {
        Ok(Made {})
    }

    fn goes_with(&self, cx: &Context<'_>) -> bool {
        cx.goes_too::<AppIdentity>()
    }
}
