//! The Kubernetes versions that AKS offers, and where one may go from each.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Function;
use crate::world::World;

/// Minor version, its patch versions oldest first, whether it is the default, whether a preview.
/// After Microsoft's calendar of supported versions.
const VERSIONS: &[(&str, &[&str], bool, bool)] = &[
    ("1.33", &["1.33.7", "1.33.8"], false, false),
    ("1.34", &["1.34.2", "1.34.3"], false, false),
    ("1.35", &["1.35.0", "1.35.1"], true, false),
    ("1.36", &["1.36.0"], false, false),
];

/// The full version that a request means: empty is the default, `1.35` the newest of it. Nothing for an unknown one.
pub fn resolve(asked: &str) -> Option<&'static str> {
    let newest = |patches: &'static [&'static str]| patches.last().copied();
    if asked.is_empty() {
        return VERSIONS.iter().find(|it| it.2).and_then(|it| newest(it.1));
    }
    VERSIONS.iter().find_map(|(minor, patches, _, _)| {
        if *minor == asked {
            return newest(patches);
        }
        patches.iter().copied().find(|patch| *patch == asked)
    })
}

/// The versions that a cluster of this version may go to: newer patches, and the next minor version.
pub fn upgrades(from: &str) -> Vec<&'static str> {
    let minor = minor(from);
    let all = VERSIONS.iter().flat_map(|it| it.1.iter().copied());
    all.filter(|to| number(to) > number(from) && (self::minor(to) == minor || self::minor(to) == minor + 1)).collect()
}

fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
}

fn number(version: &str) -> (u32, u32) {
    (minor(version), version.split('.').nth(2).and_then(|it| it.parse().ok()).unwrap_or(0))
}

/// The name of the node image that a version comes with.
pub fn node_image(os: &str) -> String {
    match os {
        "AzureLinux" => "AKSAzureLinux-V3gen2-202611.02.0".to_string(),
        _ => "AKSUbuntu-2404gen2containerd-202611.02.0".to_string(),
    }
}

/// The body of `upgradeProfiles/default` of a cluster.
pub fn upgrade_profile(cluster: &Value) -> Value {
    let id = cluster["id"].as_str().unwrap_or_default();
    let list = |from: &str| -> Vec<Value> {
        upgrades(from).into_iter().map(|to| json!({"kubernetesVersion": to, "isPreview": false})).collect()
    };
    let properties = &cluster["properties"];
    let version = properties["currentKubernetesVersion"].as_str().unwrap_or_default();
    let pools: Vec<Value> = properties["agentPoolProfiles"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pool| {
            let version = pool["currentOrchestratorVersion"].as_str().unwrap_or_default();
            json!({"name": pool["name"], "kubernetesVersion": version, "osType": "Linux", "upgrades": list(version)})
        })
        .collect();
    json!({
        "id": format!("{id}/upgradeprofiles/default"),
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/upgradeprofiles",
        "properties": {
            "controlPlaneProfile": {"kubernetesVersion": version, "name": "master", "osType": "Linux", "upgrades": list(version)},
            "agentPoolProfiles": pools,
        },
    })
}

pub struct Versions;

#[async_trait]
impl Function for Versions {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.ContainerService/locations/{location}/kubernetesVersions"
    }

    fn action(&self) -> &'static str {
        "Microsoft.ContainerService/locations/kubernetesVersions/read"
    }

    async fn run(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        let values: Vec<Value> = VERSIONS
            .iter()
            .map(|(minor, patches, is_default, is_preview)| {
                let patches: serde_json::Map<String, Value> =
                    patches.iter().map(|patch| ((*patch).to_string(), json!({"upgrades": upgrades(patch)}))).collect();
                let mut row = json!({
                    "version": minor,
                    "capabilities": {"supportPlan": ["KubernetesOfficial", "AKSLongTermSupport"]},
                    "patchVersions": patches,
                    "isPreview": is_preview,
                });
                if *is_default {
                    row["isDefault"] = json!(true);
                }
                row
            })
            .collect();
        Ok(Answer::Document(StatusCode::OK, json!({ "values": values })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_resolved_and_knows_where_it_may_go() {
        assert_eq!(resolve(""), Some("1.35.1"));
        assert_eq!(resolve("1.34"), Some("1.34.3"));
        assert_eq!(resolve("1.20"), None);
        assert_eq!(upgrades("1.34.2"), ["1.34.3", "1.35.0", "1.35.1"]);
    }
}
