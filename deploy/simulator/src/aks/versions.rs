//! The Kubernetes versions that AKS offers, and where one may go from each.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Function;
use crate::state::Draft;
use crate::world::World;

/// The collection of states that differ from the calendar's: `{"version": "1.34", "state": STATE}` by version.
const VERSIONS: &str = "kubernetes-versions";
/// Where that collection keeps the newest image of nodes.
const IMAGE: &str = "node-image";

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

/// The versions that AKS offers now, and the newest image of nodes.
#[derive(Clone, Debug)]
pub struct Offer {
    versions: Vec<Version>,
    image: String,
}

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

/// Lets the newest image of nodes be that of another day (`202612.07.0`) than the calendar says, or the calendar's again.
pub fn set_image(draft: &mut Draft<'_>, version: Option<&str>) {
    match version {
        Some(version) => draft.put(VERSIONS, IMAGE, json!({ "version": version })),
        None => draft.remove(VERSIONS, IMAGE),
    }
}

/// There is a new image each Monday, a week after it was made.
fn image_of(now: Timestamp) -> String {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let since_monday = i64::from(today.weekday().to_monday_zero_offset());
    let made = today.checked_sub(jiff::Span::new().days(since_monday + 7)).unwrap_or(today);
    format!("{:04}{:02}.{:02}.0", made.year(), made.month(), made.day())
}

impl Offer {
    /// The calendar with what was set otherwise.
    pub fn read(draft: &Draft<'_>) -> Self {
        Self::at(draft, draft.now)
    }

    /// The same as it was at an earlier moment.
    pub fn at(draft: &Draft<'_>, moment: Timestamp) -> Self {
        let mut offer = Self::calendar(moment);
        for version in &mut offer.versions {
            let own =
                draft.get(VERSIONS, version.minor).and_then(|it| serde_json::from_value(it["state"].clone()).ok());
            version.state = own.unwrap_or(version.state);
        }
        offer.versions.retain(|version| version.state != State::Gone);
        if let Some(image) = draft.get(VERSIONS, IMAGE).and_then(|own| own["version"].as_str().map(str::to_owned)) {
            offer.image = image;
        }
        offer
    }

    /// The calendar as it stands.
    pub fn calendar(now: Timestamp) -> Self {
        Self { versions: CALENDAR.to_vec(), image: image_of(now) }
    }

    /// The name of the newest image of nodes.
    pub fn image(&self, os: &str) -> String {
        let family = if os == "AzureLinux" { "AKSAzureLinux-V3gen2" } else { "AKSUbuntu-2404gen2containerd" };
        format!("{family}-{}", self.image)
    }

    /// Writes the image of each pool: the newest for a new one and for one whose version changes, otherwise the one
    /// that it has.
    pub fn settle_images(&self, before: Option<&Value>, pools: &mut [Value]) {
        let standing = before.and_then(|it| it["properties"]["agentPoolProfiles"].as_array());
        for pool in pools {
            let same = |it: &&Value| {
                it["name"] == pool["name"] && it["currentOrchestratorVersion"] == pool["currentOrchestratorVersion"]
            };
            pool["nodeImageVersion"] = match standing.and_then(|all| all.iter().find(same)) {
                Some(same) => same["nodeImageVersion"].clone(),
                None => json!(self.image(pool["osSKU"].as_str().unwrap_or_default())),
            };
        }
    }

    /// The full version that a request means: empty is the default, `1.35` the newest of it.
    pub fn resolve(&self, asked: &str, long_term: bool) -> Result<&'static str, Unavailable> {
        let found = self.versions.iter().find_map(|version| {
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
        let all = self.versions.iter().flat_map(|it| it.patches.iter().copied());
        all.filter(|to| number(to) > number(from) && (self::minor(to) == minor || self::minor(to) == minor + 1))
            .collect()
    }

    /// The version that a channel of automatic upgrades brings a cluster of this version to, where there is a newer one.
    pub fn by_channel(&self, from: &str, channel: &str) -> Option<&'static str> {
        let offered =
            |to: &&'static str| self.versions.iter().any(|it| it.state == State::Supported && it.patches.contains(to));
        let newest = self.versions.iter().filter(|it| it.state == State::Supported).map(|it| minor(it.minor)).max()?;
        let most = match channel {
            "patch" => minor(from),
            // The last but one.
            "stable" => minor(from).max(newest.saturating_sub(1)),
            "rapid" => newest,
            _ => return None,
        };
        self.upgrades(from)
            .into_iter()
            .filter(|to| minor(to) == minor(from) || offered(to))
            .rfind(|to| minor(to) <= most)
    }

    /// The same as answers list them.
    pub fn upgrades_of(&self, from: &str) -> Vec<Value> {
        let is_preview =
            |to: &str| self.versions.iter().any(|it| it.state == State::Preview && it.patches.contains(&to));
        let shown = |to: &str| json!({"kubernetesVersion": to, "isPreview": is_preview(to)});
        self.upgrades(from).into_iter().map(shown).collect()
    }

    /// The rows of the list of versions.
    fn rows(&self) -> Vec<Value> {
        let each = self.versions.iter().map(|version| {
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

/// The body of `availableAgentPoolVersions` of a cluster: its own version, and older ones that may still be had.
pub fn of_pools(offer: &Offer, cluster: &Value) -> Value {
    let id = cluster["id"].as_str().unwrap_or_default();
    let own = cluster["properties"]["currentKubernetesVersion"].as_str().unwrap_or_default();
    let all = offer.versions.iter().flat_map(|it| it.patches.iter().map(|patch| (*patch, it.state == State::Preview)));
    let mut fitting: Vec<_> = all.filter(|(version, _)| number(version) <= number(own)).collect();
    fitting.sort_by_key(|(version, _)| std::cmp::Reverse(number(version)));
    let shown = fitting.into_iter().map(|(version, is_preview)| {
        let mut row = json!({"kubernetesVersion": version});
        if version == own {
            row["default"] = json!(true);
        }
        if is_preview {
            row["isPreview"] = json!(true);
        }
        row
    });
    json!({
        "id": format!("{id}/availableagentpoolversions"),
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/availableAgentpoolVersions",
        "properties": {"agentPoolVersions": shown.collect::<Vec<_>>()},
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
    fn a_new_image_comes_each_monday() {
        for (now, image) in [("2026-11-22T23:59:59Z", "202611.09.0"), ("2026-11-23T00:00:00Z", "202611.16.0")] {
            assert_eq!(image_of(now.parse().unwrap_or_default()), image, "{now}");
        }
    }

    #[test]
    fn a_version_is_resolved_and_knows_where_it_may_go() {
        let offer = Offer::calendar(Timestamp::UNIX_EPOCH);
        assert_eq!(offer.resolve("", false), Ok("1.35.1"));
        assert_eq!(offer.resolve("1.34", false), Ok("1.34.3"));
        assert_eq!(offer.resolve("1.20", true), Err(Unavailable::Unknown));
        assert_eq!(offer.resolve("1.33", false), Err(Unavailable::LongTermOnly));
        assert_eq!(offer.resolve("1.33", true), Ok("1.33.8"));
        assert_eq!(offer.upgrades("1.34.2"), ["1.34.3", "1.35.0", "1.35.1"]);
        for (channel, to) in [("patch", Some("1.34.3")), ("stable", Some("1.35.1")), ("node-image", None)] {
            assert_eq!(offer.by_channel("1.34.2", channel), to, "{channel}");
        }
        assert_eq!(offer.by_channel("1.35.1", "stable"), None);
        assert_eq!(offer.by_channel("1.35.1", "rapid"), Some("1.36.0"));
        assert_eq!(offer.upgrades_of("1.36.0"), [json!({"kubernetesVersion": "1.37.0", "isPreview": true})]);
    }
}
