//! Diagnostic settings: which of a resource's logs go to which workspace.
//!
//! Texts: refusals that others have published (hashicorp/terraform#20534, Azure/Azure-Landing-Zones#2053).

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use super::workspaces::{WORKSPACES, customer_id};
use crate::arm::{Answer, Ask, Refusal, ResourceId};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type; it extends the resource whose logs are sent.
const SETTINGS: &str = "Microsoft.Insights/diagnosticSettings";
const CATEGORIES: &str = "Microsoft.Insights/diagnosticSettingsCategories";
/// A resource has so many at most.
const MOST: usize = 5;
/// Where logs can go.
const SINKS: [&str; 4] = ["workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId"];

/// What the resources of one type can send: its categories of logs, each with whether it is one of the group `audit`.
struct Offered {
    kind: &'static str,
    logs: &'static [(&'static str, bool)],
}

const OFFERED: [Offered; 3] = [
    Offered {
        kind: "Microsoft.KeyVault/vaults",
        logs: &[("AuditEvent", true), ("AzurePolicyEvaluationDetails", false)],
    },
    Offered {
        kind: "Microsoft.ContainerService/managedClusters",
        logs: &[
            ("kube-apiserver", false),
            ("kube-audit", true),
            ("kube-audit-admin", true),
            ("kube-controller-manager", false),
            ("kube-scheduler", false),
            ("cluster-autoscaler", false),
            ("cloud-controller-manager", false),
            ("guard", true),
        ],
    },
    Offered { kind: WORKSPACES, logs: &[("Audit", true), ("SummaryLogs", false)] },
];

fn offered(scope: &str) -> Result<&'static Offered, Refusal> {
    let kind = ResourceId::parse(scope).map(|id| id.kind()).unwrap_or_default();
    OFFERED.iter().find(|offered| offered.kind.eq_ignore_ascii_case(&kind)).ok_or_else(|| {
        Refusal::bad("BadRequest", format!("The resource type '{kind}' does not support diagnostic settings."))
    })
}

pub(super) struct Settings;

#[async_trait]
impl Kind for Settings {
    fn name(&self) -> &'static str {
        SETTINGS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let offered = offered(ask.id.scope())?;
        let asked = &ask.body["properties"];
        let logs = logs(asked, offered)?;
        let metrics = metrics(asked)?;
        world
            .state
            .change(|draft| {
                check_sinks(draft, asked)?;
                check_others(draft, ask, &logs, asked)?;
                let mut properties = json!({"logs": logs, "metrics": metrics,
                    "logAnalyticsDestinationType": asked["logAnalyticsDestinationType"]});
                for sink in SINKS.into_iter().chain(["serviceBusRuleId", "eventHubName"]) {
                    properties[sink] = asked[sink].clone();
                }
                let body = json!({
                    "id": ask.canonical, "name": ask.id.name(), "type": SETTINGS,
                    "location": null, "kind": null, "tags": null, "identity": null, "properties": properties,
                });
                resources::put(draft, &Resource::new(body.clone()));
                Ok(Answer::Document(StatusCode::OK, body))
            })
            .await
    }
}

/// The logs as they are kept.
fn logs(asked: &Value, offered: &Offered) -> Result<Vec<Value>, Refusal> {
    let each = asked["logs"].as_array().into_iter().flatten().map(|log| {
        let (category, group) = (log["category"].as_str(), log["categoryGroup"].as_str());
        match (category, group) {
            (Some(category), _) if !offered.logs.iter().any(|(known, _)| known.eq_ignore_ascii_case(category)) => {
                return Err(Refusal::bad("BadRequest", format!("Category '{category}' is not supported.")));
            }
            (None, Some(group)) if !["audit", "allLogs"].iter().any(|known| known.eq_ignore_ascii_case(group)) => {
                return Err(Refusal::bad("BadRequest", format!("Category group '{group}' is not supported.")));
            }
            (None, None) => {
                return Err(Refusal::bad("BadRequest", "A log setting has to name a category or a category group."));
            }
            _ => {}
        }
        Ok(json!({"category": category, "categoryGroup": if category.is_some() { None } else { group },
            "enabled": log["enabled"] == true, "retentionPolicy": {"enabled": false, "days": 0}}))
    });
    each.collect()
}

fn metrics(asked: &Value) -> Result<Vec<Value>, Refusal> {
    let each = asked["metrics"].as_array().into_iter().flatten().map(|metric| match metric["category"].as_str() {
        None | Some("AllMetrics") => Ok(json!({"category": "AllMetrics", "timeGrain": null,
            "enabled": metric["enabled"] == true, "retentionPolicy": {"enabled": false, "days": 0}})),
        Some(category) => Err(Refusal::bad(
            "BadRequest",
            format!("Metric category '{category}' is not supported, supported categories are: 'AllMetrics'."),
        )),
    });
    each.collect()
}

fn check_sinks(draft: &Draft<'_>, asked: &Value) -> Result<(), Refusal> {
    if !SINKS.iter().any(|sink| asked[*sink].as_str().is_some_and(|id| !id.is_empty())) {
        return Err(Refusal::bad("BadRequest", "At least one data sink needs to be specified."));
    }
    let Some(workspace) = asked["workspaceId"].as_str() else { return Ok(()) };
    let id = ResourceId::parse(workspace).filter(|id| id.kind().eq_ignore_ascii_case(WORKSPACES));
    let Some(id) = id else {
        return Err(Refusal::bad(
            "BadRequest",
            format!("The workspace id '{workspace}' is no resource id of a workspace."),
        ));
    };
    match resources::find(draft, workspace) {
        Some(_) => Ok(()),
        None => Err(Refusal::resource_not_found(&id)),
    }
}

/// What a setting of the same resource sends already goes to no workspace a second time.
fn check_others(draft: &Draft<'_>, ask: &Ask, logs: &[Value], asked: &Value) -> Result<(), Refusal> {
    let all = of(draft, ask.id.scope());
    let others: Vec<&Resource> =
        all.iter().filter(|other| resources::key(other.id()) != resources::key(ask.id.as_str())).collect();
    if others.len() >= MOST {
        return Err(Refusal::conflict(
            "Conflict",
            format!(
                "The limit of {MOST} diagnostic settings was reached. To create new setting, delete an existing one."
            ),
        ));
    }
    let named = |log: &Value| {
        let name = log["category"].as_str().or_else(|| log["categoryGroup"].as_str());
        name.filter(|_| log["enabled"] == true).map(str::to_ascii_lowercase)
    };
    for other in others {
        let Some(sink) = asked["workspaceId"].as_str() else { continue };
        let properties = &other.body["properties"];
        let same = properties["workspaceId"].as_str().is_some_and(|it| resources::key(it) == resources::key(sink));
        let theirs: Vec<String> = properties["logs"].as_array().into_iter().flatten().filter_map(named).collect();
        if let Some(twice) = logs.iter().find(|log| same && named(log).is_some_and(|name| theirs.contains(&name))) {
            let category = twice["category"].as_str().or_else(|| twice["categoryGroup"].as_str()).unwrap_or_default();
            return Err(Refusal::conflict(
                "Conflict",
                format!(
                    "Data sink '{sink}' is already used in diagnostic setting '{}' for category '{category}'. Data sinks can't be reused in different settings on the same category for the same resource.",
                    other.body["name"].as_str().unwrap_or_default()
                ),
            ));
        }
    }
    Ok(())
}

/// The settings of a resource.
fn of(draft: &Draft<'_>, resource: &str) -> Vec<Resource> {
    resources::under(draft, &format!("{}/providers/{SETTINGS}/", resources::key(resource)))
}

/// Where a category of a resource's logs goes: the workspace, and whether it has a table of its own there.
pub(super) fn destinations(draft: &Draft<'_>, resource: &str, category: &str) -> Vec<(Resource, bool)> {
    let is_audit = |kind: &str| {
        let offered = offered(kind).ok();
        offered.is_some_and(|it| it.logs.iter().any(|(known, audit)| known.eq_ignore_ascii_case(category) && *audit))
    };
    let sends = |log: &Value| {
        let named = |name: &str, wanted: &str| log[name].as_str().is_some_and(|it| it.eq_ignore_ascii_case(wanted));
        log["enabled"] == true
            && (named("category", category)
                || named("categoryGroup", "allLogs")
                || (named("categoryGroup", "audit") && is_audit(resource)))
    };
    let settings = of(draft, resource);
    let sending = settings
        .iter()
        .filter(|setting| setting.body["properties"]["logs"].as_array().is_some_and(|logs| logs.iter().any(sends)));
    let each = sending.filter_map(|setting| {
        let properties = &setting.body["properties"];
        let workspace = resources::find(draft, properties["workspaceId"].as_str()?)?;
        let dedicated = properties["logAnalyticsDestinationType"].as_str();
        (!customer_id(&workspace).is_empty())
            .then(|| (workspace, dedicated.is_some_and(|kind| kind.eq_ignore_ascii_case("Dedicated"))))
    });
    each.collect()
}

/// What can be sent, as a list to read.
pub(super) struct Categories;

#[async_trait]
impl Kind for Categories {
    fn name(&self) -> &'static str {
        CATEGORIES
    }

    async fn put(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    fn listed(&self, _world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        let scope = ask.id.scope();
        Some(offered(scope).map(|offered| {
            let shown = |name: &str, sort: &str, groups: &[&str]| {
                json!({"id": format!("{scope}/providers/{CATEGORIES}/{name}"), "name": name, "type": CATEGORIES,
                    "properties": {"categoryType": sort, "categoryGroups": groups}})
            };
            let logs = offered
                .logs
                .iter()
                .map(|(name, audit)| shown(name, "Logs", if *audit { &["audit", "allLogs"] } else { &["allLogs"] }));
            logs.chain([shown("AllMetrics", "Metrics", &[])]).collect()
        }))
    }
}
