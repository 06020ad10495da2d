//! What is brought about on Azure: one file a resource, each with the document we send, and how to look, run, follow
//! and undo it.

mod agent_pool_vault_role;
mod app_identity;
mod app_vault_role;
mod as_approved;
mod assignment;
mod cluster;
mod collection_rule;
mod federated_credential;
mod insights;
mod maintenance;
mod patience;
mod portal_cluster_role;
mod portal_vault_role;
mod providers;
mod registry_role;
mod resource;
mod resource_group;
mod secrets;
mod team_vault_role;
mod validation;
pub mod vault;
mod vault_audit;
mod web_app;
mod workspace;

pub use agent_pool_vault_role::AgentPoolVaultRole;
pub use app_identity::AppIdentity;
pub use app_vault_role::AppVaultRole;
pub use as_approved::AsApproved;
pub use cluster::Cluster;
pub use collection_rule::CollectionRule;
pub use federated_credential::FederatedCredential;
pub use insights::Insights;
pub use maintenance::Maintenance;
pub use portal_cluster_role::PortalClusterRole;
pub use portal_vault_role::PortalVaultRole;
pub use providers::Providers;
pub use registry_role::RegistryRole;
pub use resource_group::ResourceGroup;
pub use secrets::Secrets;
pub use team_vault_role::TeamVaultRole;
pub use validation::Validation;
pub use vault::Vault;
pub use vault_audit::VaultAudit;
pub use web_app::WebApp;
pub use workspace::Workspace;

use crate::engine::Subject;
use crate::engine::place::Place;
use domain::plan;

/// Where this subject's resources lie.
fn place(subject: &Subject<'_>) -> Place {
    Place::new(&subject.installation.subscription, subject.wish)
}

/// A line of the plan for something that does not stand yet.
fn line(step: &str, name: impl Into<String>, kind: &str, detail: impl Into<String>) -> plan::Line {
    plan::Line {
        step: step.to_owned(),
        verb: plan::Verb::Create,
        name: name.into(),
        kind: kind.to_owned(),
        detail: detail.into(),
        changes: Vec::new(),
        known_after: Vec::new(),
        expected: None,
    }
}
