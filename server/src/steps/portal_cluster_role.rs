//! Keystead's own right inside the cluster, so that it can deploy the web app and look at it.

use super::assignment::{Assignment, Made, given_already, made};
use super::resource::Resource;
use super::{Cluster, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
use azure::roles;
use domain::environment::Part;
use domain::{naming, plan, wish::Wish};
use serde_json::Value;

pub struct PortalClusterRole;

fn assignment(subject: &Subject<'_>) -> Assignment {
    Assignment {
        scope: place(subject).cluster(),
        principal: subject.installation.identity.clone(),
        kind: subject.installation.identity_kind,
        role: roles::AKS_RBAC_CLUSTER_ADMIN,
    }
}

impl Resource for PortalClusterRole {
    type Needs = (Cluster,);
    type Output = Made;
    const KEY: &'static str = "portal-cluster-role";
    const TITLE: &'static str = "Role on cluster";
    const PART: Option<Part> = None;

    fn resource(&self, wish: &Wish) -> String {
        format!("Cluster admin on {}", naming::cluster(wish))
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(
            Self::KEY,
            roles::AKS_RBAC_CLUSTER_ADMIN.name,
            "Role assignment",
            format!("Keystead on {}", naming::cluster(subject.wish)),
        )]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        vec![format!("Keystead may deploy into {}.", naming::cluster(subject.wish))]
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(assignment(subject).id())
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        assignment(subject).document()
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        made(document)
    }

    fn there_already(error: &azure::Error) -> bool {
        given_already(error)
    }

    fn goes_with(&self, cx: &Context<'_>) -> bool {
        cx.goes_too::<Cluster>()
    }
}
