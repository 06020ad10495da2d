//! Keystead's own right inside the cluster, so that it can deploy the web app and look at it.

use super::assignment::{Assignment, Made};
use super::{Cluster, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::roles::{self, PrincipalType};
use domain::environment::Part;
use domain::{naming, plan, wish::Wish};
use serde_json::Value;

pub struct PortalClusterRole;

fn assignment(subject: &Subject<'_>, principal: &str) -> Assignment {
    Assignment {
        scope: place(subject).cluster(),
        principal: principal.to_owned(),
        kind: PrincipalType::ServicePrincipal,
        role: roles::AKS_RBAC_CLUSTER_ADMIN,
    }
}

#[async_trait]
impl Step for PortalClusterRole {
    type Needs = (Cluster,);
    type Output = Made;
    const KEY: &'static str = "portal-cluster-role";
    const TITLE: &'static str = "Role on the cluster";
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

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        assignment(subject, &subject.installation.identity).document()
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).look(cx).await
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, _wants: &Value) -> Result<Progress<Made>, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).run(cx).await
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, |document| Ok(Made { id: answer::text(document, "/id")? })).await
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).undo(cx).await
    }
}
