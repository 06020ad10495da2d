//! The right of the nodes' identity to read this vault's secrets: every pod of the cluster then has it.

use super::assignment::{Assignment, Made, given_already, made};
use super::resource::Resource;
use super::{Cluster, Vault, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
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

impl Resource for AgentPoolVaultRole {
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
        vec![plan::Finding::warn(Some("app_identity"), sentence)]
    }

    /// Another node size makes another cluster, and with it another identity of the nodes.
    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        former.cluster.node_size != wish.cluster.node_size
    }

    fn id(&self, subject: &Subject<'_>, (_, cluster): &References<Self>) -> Option<ResourceId> {
        cluster.known().map(|made| assignment(subject, &made.kubelet_object_id).id())
    }

    fn wants(&self, subject: &Subject<'_>, (_, cluster): &References<Self>) -> Value {
        cluster.known().map_or(Value::Null, |made| assignment(subject, &made.kubelet_object_id).document())
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        made(document)
    }

    fn there_already(error: &azure::Error) -> bool {
        given_already(error)
    }

    fn goes_with(&self, cx: &Context<'_>) -> bool {
        cx.goes_too::<Vault>()
    }
}
