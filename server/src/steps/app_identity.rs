//! The web app's own identity, which alone may read the environment's secrets.

use super::resource::Resource;
use super::{Providers, ResourceGroup, line, place};
use crate::engine::{References, StepError, Subject, answer};
use azure::ResourceId;
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

impl Resource for AppIdentity {
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

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).app_identity())
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        json!({ "location": subject.wish.region, "tags": subject.tags() })
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        Ok(Made {
            client_id: answer::text(document, "/properties/clientId")?,
            principal_id: answer::text(document, "/properties/principalId")?,
        })
    }
}
