//! The Kubernetes versions that AKS offers, and where one may go from each.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Function;
use crate::state::Draft;
use crate::world::World;

/// The collection of states that differ from the calendar's: `{"version": "1.34", "state": STATE}` by version.
const VERSIONS: &str = "kubernetes-versions";

/// What AKS does with a minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not for production yet.
    Preview,
    /// In the ordinary support plan and in the long one.
    Supported,
    /// In the long-term support plan alone.
    LongTerm,
    /// Offered no more.
    Gone,
}

/// A minor version.
#[derive(Clone, Copy, Debug)]
struct Version {
    minor: &'static str,
    /// Oldest first.
    patches: &'static [&'static str],
    state: State,
    is_default: bool,
}

const fn version(minor: &'static str, patches: &'static [&'static str], state: State) -> Version {
    Version { minor, patches, state, is_default: false }
}

/// After Microsoft's calendar of supported versions, as of 2026-11: 1.33 left the ordinary plan in June 2026, 1.34 does
/// at the end of November, 1.37 is planned for the end of the year.
const CALENDAR: [Version; 6] = [
    version("1.32", &["1.32.10", "1.32.11"], State::LongTerm),
    version("1.33", &["1.33.7", "1.33.8"], State::LongTerm),
    version("1.34", &["1.34.2", "1.34.3"], State::Supported),
    Version { is_default: true, ..version("1.35", &["1.35.0", "1.35.1"], State::Supported) },
    version("1.36", &["1.36.0"], State::Supported),
    version("1.37", &["1.37.0"], State::Preview),
];

/// The versions that AKS offers now.
#[derive(Clone, Debug)]
pub struct Offer(Vec<Version>);

/// Why a version cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// There is no such version, or no longer.
    Unknown,
    /// Only with the long-term support plan.
    LongTermOnly,
}

/// Lets a minor version be in another state than the calendar says; nothing where there is no such version.
pub fn set_state(draft: &mut Draft<'_>, minor: &str, state: State) -> Option<()> {
    CALENDAR.iter().find(|it| it.minor == minor)?;
    draft.put(VERSIONS, minor, json!({"version": minor, "state": state}));
    Some(())
}

impl Offer {
    /// The calendar with what was set otherwise.
    pub fn read(draft: &Draft<'_>) -> Self {
        let Self(mut offered) = Self::calendar();
        for version in &mut offered {
            let own =
                draft.get(VERSIONS, version.minor).and_then(|it| serde_json::from_value(it["state"].clone()).ok());
            version.state = own.unwrap_or(version.state);
        }
        offered.retain(|version| version.state != State::Gone);
        Self(offered)
    }

    /// The calendar as it stands.
    pub fn calendar() -> Self {
        Self(CALENDAR.to_vec())
    }

    /// The full version that a request means: empty is the default, `1.35` the newest of it.
    pub fn resolve(&self, asked: &str, long_term: bool) -> Result<&'static str, Unavailable> {
        let found = self.0.iter().find_map(|version| {
            let newest = version.patches.last().copied();
            let meant = match asked {
                "" => newest.filter(|_| version.is_default),
                _ if version.minor == asked => newest,
                _ => version.patches.iter().copied().find(|patch| *patch == asked),
            };
            Some((version.state, meant?))
        });
        match found {
            None => Err(Unavailable::Unknown),
            Some((State::LongTerm, _)) if !long_term => Err(Unavailable::LongTermOnly),
            Some((_, version)) => Ok(version),
        }
    }

    /// The versions that a cluster of this version may go to: newer patches, and the next minor version.
    pub fn upgrades(&self, from: &str) -> Vec<&'static str> {
        let minor = minor(from);
        let all = self.0.iter().flat_map(|it| it.patches.iter().copied());
        all.filter(|to| number(to) > number(from) && (self::minor(to) == minor || self::minor(to) == minor + 1))
            .collect()
    }

    /// The same as answers list them.
    pub fn upgrades_of(&self, from: &str) -> Vec<Value> {
        let is_preview = |to: &str| self.0.iter().any(|it| it.state == State::Preview && it.patches.contains(&to));
        let shown = |to: &str| json!({"kubernetesVersion": to, "isPreview": is_preview(to)});
        self.upgrades(from).into_iter().map(shown).collect()
    }

    /// The rows of the list of versions.
    fn rows(&self) -> Vec<Value> {
        let each = self.0.iter().map(|version| {
            let patches: Map<String, Value> = version
                .patches
                .iter()
                .map(|patch| ((*patch).to_string(), json!({"upgrades": self.upgrades(patch)})))
                .collect();
            let plans: &[&str] = match version.state {
                State::LongTerm => &["AKSLongTermSupport"],
                State::Preview => &["KubernetesOfficial"],
                _ => &["KubernetesOfficial", "AKSLongTermSupport"],
            };
            let mut row = json!({
                "version": version.minor,
                "capabilities": {"supportPlan": plans},
                "patchVersions": patches,
                "isPreview": version.state == State::Preview,
            });
            if version.is_default {
                row["isDefault"] = json!(true);
            }
            row
        });
        each.collect()
    }
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
pub fn upgrade_profile(offer: &Offer, cluster: &Value) -> Value {
    let id = cluster["id"].as_str().unwrap_or_default();
    let list = |from: &str| offer.upgrades_of(from);
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

    async fn run(&self, world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        let offer = world.state.read(Offer::read);
        Ok(Answer::Document(StatusCode::OK, json!({ "values": offer.rows() })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_resolved_and_knows_where_it_may_go() {
        let offer = Offer::calendar();
        assert_eq!(offer.resolve("", false), Ok("1.35.1"));
        assert_eq!(offer.resolve("1.34", false), Ok("1.34.3"));
        assert_eq!(offer.resolve("1.20", true), Err(Unavailable::Unknown));
        assert_eq!(offer.resolve("1.33", false), Err(Unavailable::LongTermOnly));
        assert_eq!(offer.resolve("1.33", true), Ok("1.33.8"));
        assert_eq!(offer.upgrades("1.34.2"), ["1.34.3", "1.35.0", "1.35.1"]);
        assert_eq!(offer.upgrades_of("1.36.0"), [json!({"kubernetesVersion": "1.37.0", "isPreview": true})]);
    }
}
