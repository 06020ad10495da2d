//! What can be demanded of a wish, one by one: whether it is so, what it has instead, and what would pass.

use crate::form::RegionChoice;
use crate::name::{NodeSize, Region};
use crate::wish::{AppIdentity, Tier, Wish};
use serde::{Deserialize, Serialize};

/// What is demanded; what is not named is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Demands {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<Region>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_sizes: Option<Vec<NodeSize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<Tier>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<AppIdentity>>,
    /// Registries, each with a path where only a part of it is meant: `ghcr.io/contoso`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registries: Option<Vec<String>>,
    /// Names of tags that have to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insights: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub purge_protection: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_days: Option<Lifetime>,
}

/// Both ends count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Range {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// How long an environment lives, both ends counted, and what a form begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetime {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// In place of the template's, where nothing is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u32>,
}

impl Lifetime {
    pub fn range(self) -> Range {
        Range { min: self.min, max: self.max }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand<'a> {
    Regions(&'a [Region]),
    NodeSizes(&'a [NodeSize]),
    Nodes(Range),
    Tiers(&'a [Tier]),
    Lifetime(Range),
    PurgeProtection,
    Identities(&'a [AppIdentity]),
    Insights,
    Registries(&'a [String]),
    Tags(&'a [String]),
}

/// How a wish is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// What it has instead, in words.
    pub has: String,
    /// How far it is from what passes, where that can be counted.
    pub by: u32,
}

impl Demands {
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// In the order of the form's fields.
    pub fn all(&self) -> Vec<Demand<'_>> {
        [
            self.regions.as_deref().map(Demand::Regions),
            self.node_sizes.as_deref().map(Demand::NodeSizes),
            self.nodes.map(Demand::Nodes),
            self.tiers.as_deref().map(Demand::Tiers),
            self.purge_protection.then_some(Demand::PurgeProtection),
            self.identities.as_deref().map(Demand::Identities),
            self.insights.then_some(Demand::Insights),
            self.registries.as_deref().map(Demand::Registries),
            self.lifetime_days.map(|lifetime| Demand::Lifetime(lifetime.range())),
            self.tags.as_deref().map(Demand::Tags),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Demand<'_> {
    /// The form's field that answers it.
    pub fn field(self) -> &'static str {
        match self {
            Demand::Regions(_) => "region",
            Demand::NodeSizes(_) => "node_size",
            Demand::Nodes(_) => "nodes",
            Demand::Tiers(_) => "tier",
            Demand::Lifetime(_) => "lifetime_days",
            Demand::PurgeProtection => "purge_protection",
            Demand::Identities(_) => "app_identity",
            Demand::Insights => "insights",
            Demand::Registries(_) => "image",
            Demand::Tags(_) => "tags",
        }
    }

    /// What the wish has instead; nothing where it is as demanded.
    pub fn miss(self, wish: &Wish, regions: &[RegionChoice]) -> Option<Miss> {
        let otherwise = |fits: bool, has: String| (!fits).then_some(Miss { has, by: 1 });
        match self {
            Demand::Regions(all) => otherwise(all.contains(&wish.region), title(&wish.region, regions)),
            Demand::NodeSizes(all) => {
                otherwise(all.contains(&wish.cluster.node_size), wish.cluster.node_size.to_string())
            }
            Demand::Tiers(all) => {
                otherwise(all.contains(&wish.cluster.tier), format!("the tier {}", wish.cluster.tier.word()))
            }
            Demand::Identities(all) => {
                otherwise(all.contains(&wish.roles.app_identity), identity(wish.roles.app_identity).to_owned())
            }
            Demand::PurgeProtection => otherwise(wish.vault.purge_protection, "none".to_owned()),
            Demand::Insights => otherwise(wish.insights.is_some(), "none".to_owned()),
            Demand::Registries(all) => {
                let image = whole(wish.web_app.image.as_str());
                otherwise(all.iter().any(|registry| lies_in(&image, registry)), image.clone())
            }
            Demand::Tags(all) => {
                let tags = wish.tagged();
                let missing: Vec<String> = all.iter().filter(|name| !tags.has(name)).cloned().collect();
                let by = u32::try_from(missing.len()).unwrap_or(u32::MAX);
                (by > 0).then(|| Miss { has: format!("no {}", listed(&missing, "and")), by })
            }
            Demand::Nodes(range) => range.miss(wish.cluster.nodes, "node"),
            Demand::Lifetime(range) => range.miss(wish.lifetime.days, "day"),
        }
    }

    /// What passes: "the region Sweden Central or North Europe", "at most 5 nodes".
    pub fn passes(self, regions: &[RegionChoice]) -> String {
        let words = |all: &[String]| listed(all, "or");
        match self {
            Demand::Regions(all) => {
                format!("the region {}", words(&all.iter().map(|region| title(region, regions)).collect::<Vec<_>>()))
            }
            Demand::NodeSizes(all) => {
                format!("the node size {}", words(&all.iter().map(NodeSize::to_string).collect::<Vec<_>>()))
            }
            Demand::Tiers(all) => {
                format!("the tier {}", words(&all.iter().map(|tier| tier.word().to_owned()).collect::<Vec<_>>()))
            }
            Demand::Identities(all) => words(&all.iter().map(|one| identity(*one).to_owned()).collect::<Vec<_>>()),
            Demand::PurgeProtection => "purge protection".to_owned(),
            Demand::Insights => "insights".to_owned(),
            Demand::Registries(all) => format!("an image from {}", words(all)),
            Demand::Tags(all) if all.len() == 1 => format!("the tag {}", listed(all, "and")),
            Demand::Tags(all) => format!("the tags {}", listed(all, "and")),
            Demand::Nodes(range) => range.words("node"),
            Demand::Lifetime(range) => format!("a lifetime of {}", range.words("day")),
        }
    }

    /// What to do about it: "choose one of them".
    pub fn remedy(self) -> String {
        let choose = |many: usize| if many == 1 { "choose it" } else { "choose one of them" };
        match self {
            Demand::Regions(all) => choose(all.len()).to_owned(),
            Demand::NodeSizes(all) => choose(all.len()).to_owned(),
            Demand::Tiers(all) => choose(all.len()).to_owned(),
            Demand::Identities(all) => choose(all.len()).to_owned(),
            Demand::PurgeProtection => "switch it on".to_owned(),
            Demand::Insights => "switch them on".to_owned(),
            Demand::Registries(_) => "take one from there".to_owned(),
            Demand::Tags(_) => "add what is missing, as NAME=VALUE".to_owned(),
            Demand::Nodes(_) | Demand::Lifetime(_) => "choose a number that fits".to_owned(),
        }
    }
}

impl Range {
    fn miss(self, number: u32, unit: &str) -> Option<Miss> {
        let below = self.min.unwrap_or(0).saturating_sub(number);
        let above = number.saturating_sub(self.max.unwrap_or(u32::MAX));
        let by = below.max(above);
        (by > 0).then(|| Miss { has: counted(number, unit), by })
    }

    fn words(self, unit: &str) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => counted(min, unit),
            (Some(min), Some(max)) => format!("{min} to {}", counted(max, unit)),
            (Some(min), None) => format!("at least {}", counted(min, unit)),
            (None, Some(max)) => format!("at most {}", counted(max, unit)),
            (None, None) => format!("any number of {unit}s"),
        }
    }
}

fn counted(number: u32, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

fn identity(identity: AppIdentity) -> &'static str {
    match identity {
        AppIdentity::Workload => "a workload identity",
        AppIdentity::AgentPool => "the identity of the agent pool",
    }
}

fn title(region: &Region, regions: &[RegionChoice]) -> String {
    let known = regions.iter().find(|known| known.name == *region);
    known.map_or_else(|| region.to_string(), |known| known.title.clone())
}

/// "a, b or c".
pub(super) fn listed(all: &[String], last: &str) -> String {
    match all {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// With the registry that a container runtime takes where none is named.
fn whole(image: &str) -> String {
    let image = image.to_lowercase();
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => image,
        Some(_) => format!("docker.io/{image}"),
        None => format!("docker.io/library/{image}"),
    }
}

fn lies_in(image: &str, registry: &str) -> bool {
    let registry = registry.trim_end_matches('/').to_lowercase();
    image.strip_prefix(&registry).is_some_and(|rest| rest.starts_with(['/', ':', '@']))
}
