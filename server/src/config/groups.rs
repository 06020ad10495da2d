//! What groups of the directory mean here: those that are teams, and those that a level of an approval asks.

use super::Config;
use domain::approval::{By, Group};
use domain::name::TeamName;
use std::collections::BTreeMap;

/// The groups that matter, by object id in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    teams: BTreeMap<String, TeamName>,
    approvers: BTreeMap<String, String>,
}

/// What somebody's groups make of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub teams: Vec<TeamName>,
    /// Of those that approve something.
    pub groups: Vec<String>,
}

impl Config {
    /// Every group that this configuration names.
    pub fn groups(&self) -> Groups {
        let asked = self.approvals.iter().flat_map(|policy| &policy.rule.levels);
        let asked = asked.filter_map(|level| level.by.as_group());
        Groups {
            teams: self.teams.iter().map(|team| (team.group.to_lowercase(), team.name.clone())).collect(),
            approvers: asked.map(|group| (group.id.clone(), group.title.clone())).collect(),
        }
    }
}

impl Groups {
    /// Of a person's groups (object ids), those that mean something.
    pub fn of<'a>(&self, groups: impl IntoIterator<Item = &'a String>) -> Known {
        let mut known = Known::default();
        for group in groups.into_iter().map(|group| group.to_lowercase()) {
            known.teams.extend(self.teams.get(&group).cloned());
            if self.approvers.contains_key(&group) {
                known.groups.push(group);
            }
        }
        known.teams.sort_unstable();
        known.teams.dedup();
        known.groups.sort_unstable();
        known.groups.dedup();
        known
    }

    /// Those that approve something.
    pub fn approvers(&self) -> Vec<Group> {
        let group = |(id, title): (&String, &String)| Group { id: id.clone(), title: title.clone() };
        self.approvers.iter().map(group).collect()
    }

    /// As the configuration calls it.
    pub fn title(&self, group: &str) -> Option<&str> {
        self.approvers.get(group).map(String::as_str)
    }
}

/// What is wrong with how groups are named: one has one title.
pub(super) fn sentences(config: &Config) -> Vec<String> {
    let mut titles: BTreeMap<&str, &str> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (policy, level) in
        config.approvals.iter().flat_map(|policy| policy.rule.levels.iter().map(move |l| (policy, l)))
    {
        let By::Group(group) = &level.by else { continue };
        if *titles.entry(&group.id).or_insert(&group.title) != group.title {
            wrong
                .push(format!("The approval {} gives the group {} another title than before.", policy.title, group.id));
        }
    }
    wrong
}
