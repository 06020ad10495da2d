//! The right of the nodes' identity to read this vault's secrets: every pod of the cluster then has it.

use super::assignment::{Assignment, Made};
use super::{Cluster, Vault, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::roles::{self, PrincipalType};
use domain::environment::Part;
use domain::{
    naming, plan,
    wish::{self, Wish},
};
use serde_json::Value;

pub struct AgentPoolVaultRole;

fn assignment(subject: &Subject<'_>, principal: &str) -> Assignment {
    Assignment {
        scope: place(subject).vault(),
        principal: principal.to_owned(),
        kind: PrincipalType::ServicePrincipal,
        role: roles::KEY_VAULT_SECRETS_USER,
    }
}

#[async_trait]
impl Step for AgentPoolVaultRole {
    type Needs = (Vault, Cluster);
    type Output = Made;
    const KEY: &'static str = "agent-pool-vault-role";
    const TITLE: &'static str = "Role of the nodes";
    const PART: Option<Part> = Some(Part::Roles);

    fn applies(&self, wish: &Wish) -> bool {
        wish.roles.app_identity == wish::AppIdentity::AgentPool
    }

    fn resource(&self, wish: &Wish) -> String {
        format!("{} on {}", roles::KEY_VAULT_SECRETS_USER.name, wish.vault.name)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(
            Self::KEY,
            roles::KEY_VAULT_SECRETS_USER.name,
            "Role assignment",
            format!("{}-agentpool on {}", naming::cluster(subject.wish), subject.wish.vault.name),
        )]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        let (cluster, vault) = (naming::cluster(subject.wish), &subject.wish.vault.name);
        vec![format!("Every pod of {cluster} may read all secrets in {vault}.")]
    }

    fn warns(&self, _subject: &Subject<'_>) -> Vec<plan::Finding> {
        let sentence =
            "Every pod of the cluster can read this vault, and the app stops when an add-on brings a second identity.";
        vec![plan::Finding {
            weight: plan::Weight::Warn,
            field: Some("app_identity".to_owned()),
            sentence: sentence.to_owned(),
        }]
    }

    fn wants(&self, subject: &Subject<'_>, (_, cluster): &References<Self>) -> Value {
        match cluster.known() {
            Some(made) => assignment(subject, &made.kubelet_object_id).document(),
            None => Value::Null,
        }
    }

    async fn look(&self, cx: &Context<'_>, (_, cluster): &References<Self>) -> Result<Found<Made>, StepError> {
        match cluster.known() {
            Some(made) => assignment(&cx.subject, &made.kubelet_object_id).look(cx).await,
            None => Ok(Found::Absent),
        }
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        (_, cluster): &Values<Self>,
        _wants: &Value,
    ) -> Result<Progress<Made>, StepError> {
        assignment(&cx.subject, &cluster.kubelet_object_id).run(cx).await
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, |document| Ok(Made { id: answer::text(document, "/id")? })).await
    }

    async fn undo(&self, cx: &Context<'_>, (_, cluster): &References<Self>) -> Result<Undo, StepError> {
        match cluster.known() {
            Some(made) => assignment(&cx.subject, &made.kubelet_object_id).undo(cx).await,
            None => Ok(Undo::Gone),
        }
    }
}
