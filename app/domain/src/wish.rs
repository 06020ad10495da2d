//! The wish: everything that an environment shall be, as valid values; what a request keeps and every step reads.

use crate::name::{
    DatabaseServer, DatabaseWord, EnvironmentName, Image, KubernetesVersion, NodeSize, Region, TeamName, TemplateName,
    VaultName,
};
use crate::tags::{COST_CENTRE, Tags};
use serde::{Deserialize, Serialize};

/// Made by [`crate::form::Form::parse`] alone, so that whoever holds one holds answers that fit together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Wish {
    pub name: EnvironmentName,
    pub team: TeamName,
    pub region: Region,
    pub template: TemplateUsed,
    pub cluster: Cluster,
    pub vault: Vault,
    pub roles: Roles,
    pub database: Database,
    pub insights: Option<Insights>,
    pub web_app: WebApp,
    pub lifetime: Lifetime,
    /// On every resource that can bear them, beside Keystead's own.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The team's at the time of the request; a tag beside the others. What was wished before the team had one, or while
    /// it had another, keeps what it was made with until its next change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_centre: Option<String>,
    /// What the requester tells the approver; may be empty.
    pub reason: String,
}

impl Wish {
    /// Everything that is a tag beside Keystead's own: those of the form, and the team's cost centre.
    pub fn tagged(&self) -> Tags {
        match &self.cost_centre {
            Some(centre) => self.tags.clone().with(COST_CENTRE, centre),
            None => self.tags.clone(),
        }
    }

    /// The same once everything stands: what was to become of a deleted vault has happened, and is not done again.
    pub fn standing(&self) -> Wish {
        let vault = Vault { deleted: None, ..self.vault.clone() };
        Wish { vault, ..self.clone() }
    }

    /// Whether both ask for the same; what was said to the approver is no part of it.
    pub fn same_but_for_the_reason(&self, other: &Wish) -> bool {
        let said = Wish { reason: other.reason.clone(), ..self.clone() };
        said == *other
    }
}

/// A request keeps the values it was made with; this says where its defaults came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TemplateUsed {
    pub name: TemplateName,
    pub version: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Cluster {
    pub node_size: NodeSize,
    /// 1 to 10.
    pub nodes: u32,
    pub kubernetes: KubernetesVersion,
    pub tier: Tier,
}

/// The cluster's service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    Free,
    Standard,
}

impl Tier {
    /// As Azure writes it.
    pub fn word(self) -> &'static str {
        match self {
            Tier::Free => "Free",
            Tier::Standard => "Standard",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Vault {
    pub name: VaultName,
    /// 7 to 90 days; fixed once the vault is there.
    pub soft_delete_days: u32,
    /// Cannot be switched off later.
    pub purge_protection: bool,
    /// What becomes of a deleted vault that holds the name, when the vault is made; of one that stands it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<DeletedVault>,
}

/// What is done with a deleted vault before its name can be borne again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeletedVault {
    /// Brought back with its secrets; its role assignments are lost.
    Recover,
    /// Removed for good with everything in it.
    Purge,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Roles {
    pub app_identity: AppIdentity,
    pub team_role: TeamRole,
}

/// Whose identity the web app reads its secrets with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AppIdentity {
    /// An identity of the app's own, through a federated credential of its service account.
    Workload,
    /// The kubelet identity of the nodes: every pod of the cluster can then read the vault.
    AgentPool,
}

/// What the team's Entra group may do on the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TeamRole {
    /// Key Vault Reader: names and versions, no value.
    Reader,
    /// Key Vault Secrets Officer: reads and writes values.
    SecretsOfficer,
}

/// Where the web app's data lies. Another case follows when Keystead makes databases on registered servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Database {
    /// An existing server, database and user; Keystead only passes them on.
    Named { server: DatabaseServer, database: DatabaseWord, username: DatabaseWord, password_from: PasswordFrom },
}

/// Who brings the password of a named database; the password itself is never part of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PasswordFrom {
    Typed,
    Template,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Insights {
    pub workspace: Workspace,
    /// 30 to 730 days; of a shared workspace it is left as it is.
    pub kept_days: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Workspace {
    /// Made and deleted with the environment.
    Own,
    /// Named by its ARM id, never deleted by Keystead.
    Shared { id: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WebApp {
    pub image: Image,
    /// 1 to 10.
    pub replicas: u32,
    /// Of the public address.
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Lifetime {
    /// 1 to 365 days, counted from the approval.
    pub days: u32,
}
