//! A template: the default of every answer below the four that one must give; an entry of the configuration.

use crate::name::TemplateName;
use crate::wish::{AppIdentity, TeamRole, Tier};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Template {
    pub name: TemplateName,
    /// Raised with every change, so that a request can say what it was made from.
    pub version: u32,
    /// As people read it: `Web app, three nodes`.
    pub title: String,
    pub node_size: String,
    pub nodes: u32,
    pub kubernetes: String,
    pub tier: Tier,
    pub soft_delete_days: u32,
    pub purge_protection: bool,
    pub app_identity: AppIdentity,
    pub team_role: TeamRole,
    pub insights: bool,
    /// ARM id of a shared workspace; `None` makes one for each environment.
    #[serde(default)]
    pub workspace: Option<String>,
    pub kept_days: u32,
    pub image: String,
    pub replicas: u32,
    pub port: u16,
    pub lifetime_days: u32,
    /// A database that the template brings whole; its password is read by the server at submit.
    #[serde(default)]
    pub database: Option<TemplateDatabase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TemplateDatabase {
    pub server: String,
    pub database: String,
    pub username: String,
}
