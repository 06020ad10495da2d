//! One line for each resource: its short id, and of its document what matters.
use serde_json::Value;

use super::short;
use crate::arm::ResourceId;
use crate::resources::Resource;
use crate::roles::ASSIGNMENTS;

const GROUPS: &str = "Microsoft.Resources/resourceGroups";

/// The lines of the groups.
pub(super) fn groups(all: &[Resource]) -> Vec<String> {
    let groups = all.iter().filter(|one| one.kind().eq_ignore_ascii_case(GROUPS));
    groups.map(|group| line(&short(group.id()), &group.body, &[("location", "location")])).collect()
}

/// The lines of everything else but assignments, which have a section of their own.
pub(super) fn others(all: &[Resource]) -> Vec<String> {
    let others =
        all.iter().filter(|one| ![GROUPS, ASSIGNMENTS].iter().any(|kind| one.kind().eq_ignore_ascii_case(kind)));
    others.map(|one| line(&short(one.id()), &one.body, fields(one.kind()))).collect()
}

/// The fields that matter of each type: what they are called, and their path.
fn fields(kind: &str) -> &'static [(&'static str, &'static str)] {
    match kind.to_ascii_lowercase().as_str() {
        "microsoft.containerservice/managedclusters" => &[
            ("location", "location"),
            ("tier", "sku.tier"),
            ("identity", "identity.type"),
            ("version", "properties.currentKubernetesVersion"),
            ("monitoring", "properties.addonProfiles.omsagent.enabled"),
            ("workload-identity", "properties.securityProfile.workloadIdentity.enabled"),
            ("local-accounts-off", "properties.disableLocalAccounts"),
        ],
        "microsoft.containerservice/managedclusters/agentpools" => &[
            ("mode", "properties.mode"),
            ("count", "properties.count"),
            ("size", "properties.vmSize"),
            ("version", "properties.currentOrchestratorVersion"),
        ],
        "microsoft.compute/virtualmachinescalesets" => &[("size", "sku.name"), ("count", "sku.capacity")],
        "microsoft.keyvault/vaults" => &[
            ("location", "location"),
            ("sku", "properties.sku.name"),
            ("roles", "properties.enableRbacAuthorization"),
            ("protected", "properties.enablePurgeProtection"),
            ("kept-days", "properties.softDeleteRetentionInDays"),
        ],
        "microsoft.operationalinsights/workspaces" => {
            &[("location", "location"), ("kept-days", "properties.retentionInDays")]
        }
        "microsoft.insights/datacollectionruleassociations" => &[("rule", "properties.dataCollectionRuleId")],
        "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials" => {
            &[("subject", "properties.subject")]
        }
        "microsoft.containerregistry/registries" => &[("location", "location"), ("sku", "sku.name")],
        "microsoft.authorization/locks" => &[("level", "properties.level")],
        "microsoft.authorization/policyassignments" => {
            &[("definition", "properties.policyDefinitionId"), ("mode", "properties.enforcementMode")]
        }
        _ => &[("location", "location")],
    }
}

/// What matters of a resource, by its label; without its state and tags.
pub(crate) fn facts(body: &Value) -> Vec<(&'static str, String)> {
    labelled(body, fields(body["type"].as_str().unwrap_or_default()))
}

fn labelled(body: &Value, fields: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let one = |(label, path): &(&'static str, &str)| {
        let shown = match path.split('.').fold(body, |value, name| &value[name]) {
            Value::Null => return None,
            Value::String(text) if text.starts_with('/') => short(text),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((*label, shown))
    };
    fields.iter().filter_map(one).collect()
}

fn line(name: &str, body: &Value, fields: &[(&'static str, &str)]) -> String {
    let mut line = name.to_owned();
    for (label, shown) in labelled(body, fields) {
        line.push_str(&format!(" {label}={shown}"));
    }
    let state = body["properties"]["provisioningState"].as_str().filter(|state| *state != "Succeeded");
    if let Some(state) = state {
        line.push_str(&format!(" state={state}"));
    }
    let tags: Vec<String> = body["tags"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    if !tags.is_empty()
        && ResourceId::parse(body["id"].as_str().unwrap_or_default()).is_none_or(|id| id.rest().len() == 2)
    {
        line.push_str(&format!(" tags {}", tags.join(", ")));
    }
    line
}
