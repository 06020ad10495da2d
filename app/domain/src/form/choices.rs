//! What the answers of a form may be chosen from, and what it begins with.

use crate::name::{NodeSize, Region, TeamName};
use crate::team::Team;
use crate::template::Template;
use serde::{Deserialize, Serialize};

/// What an answer may be chosen from; comes from the configuration, the teams narrowed to the caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    pub teams: Vec<Team>,
    pub regions: Vec<RegionChoice>,
    pub templates: Vec<Template>,
    pub node_sizes: Vec<NodeSizeChoice>,
    pub kubernetes: Vec<String>,
    /// Workspaces that may be shared, by ARM id.
    pub workspaces: Vec<String>,
    /// Lifetimes that policies in force let a form begin with.
    #[serde(default)]
    pub lifetimes: Vec<DefaultLifetime>,
}

/// The days that a form begins with, for some teams and templates; empty: for every one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultLifetime {
    pub teams: Vec<TeamName>,
    pub templates: Vec<String>,
    pub days: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionChoice {
    pub name: Region,
    /// `West Europe`.
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSizeChoice {
    pub name: NodeSize,
    pub cores: u32,
    pub memory_gib: u32,
}

impl Choices {
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.name.as_str() == name.trim())
    }

    /// The fewest days that a policy gives this team and template, or the template's own.
    pub(super) fn lifetime(&self, team: &str, template: &Template) -> u32 {
        let of = |one: &&DefaultLifetime| {
            (one.teams.is_empty() || one.teams.iter().any(|known| known.as_str() == team.trim()))
                && (one.templates.is_empty() || one.templates.iter().any(|name| name == template.name.as_str()))
        };
        self.lifetimes.iter().filter(of).map(|one| one.days).min().unwrap_or(template.lifetime_days)
    }

    pub fn team(&self, name: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.name.as_str() == name.trim())
    }
}
