//! The add-ons of a cluster, and which identities each of them puts on the nodes.

use serde_json::{Value, json};

use crate::arm::Refusal;

/// An add-on that brings an identity of its own: the name of that identity.
///
/// With Entra authentication the monitoring add-on uses the cluster's identity through a side-car, so the nodes get
/// none; the legacy way makes `omsagent-CLUSTER` and attaches it (Azure/AKS issues 1410, 2604, 3658).
pub fn node_identity(key: &str, addon: &Value, cluster: &str) -> Option<String> {
    if addon["enabled"] != true {
        return None;
    }
    match key.to_ascii_lowercase().as_str() {
        "omsagent" if is_true(&addon["config"]["useAADAuth"]) => None,
        "omsagent" => Some(format!("omsagent-{cluster}")),
        "azurepolicy" => Some(format!("azurepolicy-{cluster}")),
        "azurekeyvaultsecretsprovider" => Some(format!("azurekeyvaultsecretsprovider-{cluster}")),
        "ingressapplicationgateway" => Some(format!("ingressapplicationgateway-{cluster}")),
        "httpapplicationrouting" => Some(format!("httpapplicationrouting-{cluster}")),
        _ => None,
    }
}

/// Every identity that the cluster's add-ons and settings put on its nodes: (add-on's key, or empty, name).
pub fn node_identities(properties: &Value, cluster: &str) -> Vec<(String, String)> {
    // Where the cluster is a service principal, its add-ons are that principal too and bring none of their own
    // (github.com/Azure/secrets-store-csi-driver-provider-azure/issues/1254).
    if properties["servicePrincipalProfile"]["clientId"] != "msi" {
        return Vec::new();
    }
    let addons = properties["addonProfiles"].as_object().into_iter().flatten();
    let mut found: Vec<(String, String)> =
        addons.filter_map(|(key, addon)| Some((key.clone(), node_identity(key, addon, cluster)?))).collect();
    if properties["metricsProfile"]["costAnalysis"]["enabled"] == true {
        found.push((String::new(), "cost-analysis-identity".to_string()));
    }
    found
}

/// What a cluster's properties say of monitoring: on or off, and into which workspace.
type Monitoring = (bool, Value);

/// As the add-on says it, under whichever way its key is written; nothing where it is not there.
fn by_addon(properties: &Value) -> Option<Monitoring> {
    let addon = monitoring(properties)?;
    let is_on = addon["enabled"] == true;
    Some((is_on, if is_on { addon["config"]["logAnalyticsWorkspaceResourceID"].clone() } else { Value::Null }))
}

fn monitoring(properties: &Value) -> Option<&Value> {
    let addons = properties["addonProfiles"].as_object()?;
    addons.iter().find(|(key, _)| key.eq_ignore_ascii_case("omsagent")).map(|(_, addon)| addon)
}

/// As the newer switch says it; nothing where it is not there.
fn by_switch(properties: &Value) -> Option<Monitoring> {
    let switch = properties["azureMonitorProfile"]["containerInsights"].as_object()?;
    let is_on = switch.get("enabled") == Some(&Value::Bool(true));
    let workspace = switch.get("logAnalyticsWorkspaceResourceId").filter(|_| is_on).cloned();
    Some((is_on, workspace.unwrap_or_default()))
}

/// The newer switch for monitoring and the older add-on with Entra say the same: what a request changes of one is mirrored
/// into the other, so that who knows only one of them can send the other back as it was.
pub fn mirror_monitoring(properties: &mut Value, standing: Option<&Value>) {
    let before = standing.and_then(by_addon).unwrap_or_default();
    match (by_addon(properties), by_switch(properties)) {
        (None, None) => {}
        (None, Some(switch)) => write_addon(properties, switch),
        (Some(addon), Some(switch)) if switch != before && addon == before => write_addon(properties, switch),
        (Some(addon), _) => write_switch(properties, addon),
    }
}

fn write_addon(properties: &mut Value, (is_on, workspace): Monitoring) {
    if let Some(addons) = properties["addonProfiles"].as_object_mut() {
        addons.retain(|key, _| !key.eq_ignore_ascii_case("omsagent"));
    }
    properties["addonProfiles"]["omsagent"] = match is_on {
        true => json!({"enabled": true, "config": {
            "logAnalyticsWorkspaceResourceID": workspace, "useAADAuth": "true",
        }}),
        false => json!({"enabled": false}),
    };
}

/// The older way to sign in has no newer switch.
fn write_switch(properties: &mut Value, (is_on, workspace): Monitoring) {
    let signs_in = monitoring(properties).is_some_and(|addon| is_true(&addon["config"]["useAADAuth"]));
    let there = properties["azureMonitorProfile"]["containerInsights"].is_object();
    if is_on && !signs_in {
        if let Some(profile) = properties.pointer_mut("/azureMonitorProfile").and_then(Value::as_object_mut) {
            profile.remove("containerInsights");
        }
    } else if is_on {
        let told = &mut properties["azureMonitorProfile"]["containerInsights"];
        if !told.is_object() {
            *told = json!({});
        }
        told["enabled"] = json!(true);
        told["logAnalyticsWorkspaceResourceId"] = workspace;
    } else if there {
        properties["azureMonitorProfile"]["containerInsights"] = json!({"enabled": false});
    }
}

/// A setting of an add-on: they are texts, and clients write flags into them all the same.
fn is_true(value: &Value) -> bool {
    value == true || value.as_str().is_some_and(|it| it.eq_ignore_ascii_case("true"))
}

/// Cost analysis is for tiers that are paid for, and for clusters with a managed identity.
pub fn check_cost_analysis(properties: &Value, tier: &str) -> Result<(), Refusal> {
    if properties["metricsProfile"]["costAnalysis"]["enabled"] != true {
        return Ok(());
    }
    let refused = |why: &str| Err(Refusal::bad("BadRequest", why).about("metricsProfile.costAnalysis"));
    if !matches!(tier, "Standard" | "Premium") {
        return refused("Cost analysis needs the tier Standard or Premium of the cluster.");
    }
    if properties["servicePrincipalProfile"]["clientId"] != "msi" {
        return refused("Cost analysis needs a cluster with a managed identity.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legacy_monitoring_brings_an_identity() {
        let legacy = json!({"enabled": true, "config": {}});
        let entra = json!({"enabled": true, "config": {"useAADAuth": "true"}});
        let off = json!({"enabled": false});
        assert_eq!(node_identity("omsagent", &legacy, "c"), Some("omsagent-c".into()));
        assert_eq!(node_identity("omsAgent", &entra, "c"), None);
        assert_eq!(node_identity("omsagent", &off, "c"), None);
        assert_eq!(node_identity("azurepolicy", &json!({"enabled": true}), "c"), Some("azurepolicy-c".into()));
    }

    #[test]
    fn what_a_request_changes_of_monitoring_is_told_both_ways() {
        let addon = |on: bool, entra: &str| json!({"omsagent": {"enabled": on, "config": {"logAnalyticsWorkspaceResourceID": "/w", "useAADAuth": entra}}});
        let switch = |on: bool| json!({"containerInsights": {"enabled": on, "logAnalyticsWorkspaceResourceId": "/w"}});
        let on = json!({"addonProfiles": addon(true, "true"), "azureMonitorProfile": switch(true)});
        let off = json!({"addonProfiles": addon(false, "true"), "azureMonitorProfile": {"containerInsights": {"enabled": false}}});
        let with = |addon: Value, switch: Value| json!({"addonProfiles": addon, "azureMonitorProfile": switch});
        for (asked, standing, expected) in [
            (json!({"addonProfiles": addon(true, "true")}), None, true),
            (json!({"azureMonitorProfile": switch(true)}), None, true),
            (json!({"azureMonitorProfile": switch(true)}), Some(&on), true),
            (with(addon(false, "true"), switch(true)), Some(&on), false),
            (with(addon(true, "true"), switch(false)), Some(&on), false),
            (with(addon(true, "true"), json!({"containerInsights": {"enabled": false}})), Some(&off), true),
            (with(addon(false, "true"), switch(true)), Some(&off), true),
            (on.clone(), Some(&on), true),
        ] {
            let mut after = asked.clone();
            mirror_monitoring(&mut after, standing);
            let wanted = Some((expected, if expected { json!("/w") } else { Value::Null }));
            assert_eq!((by_addon(&after), by_switch(&after)), (wanted.clone(), wanted), "{asked}");
        }
        for before in [None, Some(&on)] {
            let mut old = json!({"addonProfiles": addon(true, "false")});
            mirror_monitoring(&mut old, before);
            assert_eq!((by_addon(&old), by_switch(&old)), (Some((true, json!("/w"))), None), "the older way has none");
        }
    }
}
