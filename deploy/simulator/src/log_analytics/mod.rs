//! Simulates Azure Monitor's logs: workspaces, data collection rules, and the query service at `api.loganalytics.io`.
//!
//! Records of clusters come from what really runs in them (nodes, pods, events and log lines) and from nothing else. A
//! cluster reports once its add-on `omsagent` is enabled with `useAADAuth`, and an association leads from the cluster to
//! a rule with a workspace as destination. The first records arrive [`FIRST_RECORDS`] later, then new ones every minute
//! (both divided by the speed). The add-on's older way of signing in is refused by Azure since 2026-10-01, so a cluster
//! with it sends nothing.
//!
//! The other source are the logs of resources themselves ([`ResourceLogs`]): what a vault was asked goes to the
//! workspaces that its diagnostic settings name.
//!
//! Who may ask: the caller needs `Microsoft.OperationalInsights/workspaces/query/read` and
//! `…/query/{table}/read` at the workspace, which Reader, Contributor and Log Analytics Reader hold. The answer to a
//! query is Kusto's ([`kql`] says which part of the language); its tables are those of [`schema`].

mod associations;
mod collect;
pub mod deleted;
mod kql;
mod records;
mod resource_logs;
mod rows;
mod rules;
mod schema;
mod settings;
mod site;
mod workspaces;

use std::time::Duration;

use crate::parts::Parts;

pub use resource_logs::{Record, ResourceLogs, is_wanted};

/// How long Azure takes from the last step of the set-up to the first records (10 to 15 minutes).
pub const FIRST_RECORDS: Duration = Duration::from_secs(600);

/// Adds the kinds, the query service and what collects.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(workspaces::Workspaces);
    parts.add_function(deleted::ListDeleted);
    parts.add_kind(rules::Rules);
    parts.add_kind(associations::Associations);
    parts.add_site(site::Queries);
    parts.add_kind(settings::Settings);
    parts.add_kind(settings::Categories);
    collect::attach(parts);
    resource_logs::attach(parts);
}
