//! The add-ons of a cluster, and which identities each of them puts on the nodes.

use serde_json::{Value, json};

/// An add-on that brings an identity of its own: the name of that identity.
///
/// With Entra authentication the monitoring add-on uses the cluster's identity through a side-car, so the nodes get
/// none; the legacy way makes `omsagent-CLUSTER` and attaches it (Azure/AKS issues 1410, 2604, 3658).
pub fn node_identity(key: &str, addon: &Value, cluster: &str) -> Option<String> {
    if addon["enabled"] != true {
        return None;
    }
    let is_on = |value: &Value| value == true || value.as_str().is_some_and(|it| it.eq_ignore_ascii_case("true"));
    match key.to_ascii_lowercase().as_str() {
        "omsagent" if is_on(&addon["config"]["useAADAuth"]) => None,
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
    let addons = properties["addonProfiles"].as_object().into_iter().flatten();
    let mut found: Vec<(String, String)> =
        addons.filter_map(|(key, addon)| Some((key.clone(), node_identity(key, addon, cluster)?))).collect();
    if properties["metricsProfile"]["costAnalysis"]["enabled"] == true {
        found.push((String::new(), "cost-analysis-identity".to_string()));
    }
    found
}

/// The newer switch for monitoring and the older one say the same; each is mirrored into the other.
pub fn mirror_monitoring(properties: &mut Value) {
    let switch = properties["azureMonitorProfile"]["containerInsights"].clone();
    if switch["enabled"] == true && properties["addonProfiles"]["omsagent"]["enabled"] != true {
        properties["addonProfiles"]["omsagent"] = json!({"enabled": true, "config": {
            "logAnalyticsWorkspaceResourceID": switch["logAnalyticsWorkspaceResourceId"],
            "useAADAuth": "true",
        }});
    }
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
}
