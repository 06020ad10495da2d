//! Says in sentences what a policy would need to be right, beyond what its types already hold.

use super::Policy;
use super::demand::{Demands, Lifetime, Range, listed};
use crate::form::Choices;
use crate::request::Kind;
use crate::tags::Tags;

/// Letters of the longest title.
const LONGEST: usize = 60;

/// A sentence, and the words near which it belongs in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub near: String,
    pub sentence: String,
}

fn complain(near: impl Into<String>, sentence: impl Into<String>) -> Complaint {
    Complaint { near: near.into(), sentence: sentence.into() }
}

impl Policy {
    /// Empty where it can be followed in an installation that offers these choices.
    pub fn wrong(&self, choices: &Choices) -> Vec<Complaint> {
        let mut wrong = Vec::new();
        if self.title.trim().is_empty() || self.title.chars().count() > LONGEST {
            wrong.push(complain("title", format!("A title has 1 to {LONGEST} characters: title = \"Production\".")));
        }
        if let Some(kind) = self.kinds.iter().find(|kind| !matches!(kind, Kind::Create | Kind::Change | Kind::Repair)) {
            let said = format!("A policy judges create, change and repair: leave out {}.", kind.key());
            wrong.push(complain(kind.key(), said));
        }
        let teams: Vec<String> = choices.teams.iter().map(|team| team.name.to_string()).collect();
        wrong.extend(unknown("team", self.teams.iter().map(ToString::to_string), &teams));
        let templates: Vec<String> = choices.templates.iter().map(|template| template.name.to_string()).collect();
        wrong.extend(unknown("template", self.templates.iter().cloned(), &templates));
        let parts = self.parts();
        if parts.iter().all(|(_, demands)| demands.is_empty()) {
            let said = "It demands nothing. Add a part that does: [deny], [approval] or [warn].";
            wrong.push(complain("title", said));
        }
        for (_, demands) in parts {
            wrong.extend(demands.wrong(choices));
        }
        wrong
    }
}

impl Demands {
    fn wrong(&self, choices: &Choices) -> Vec<Complaint> {
        let mut wrong = Vec::new();
        let regions: Vec<String> = choices.regions.iter().map(|region| region.name.to_string()).collect();
        wrong.extend(unknown("region", self.regions.iter().flatten().map(ToString::to_string), &regions));
        let sizes: Vec<String> = choices.node_sizes.iter().map(|size| size.name.to_string()).collect();
        wrong.extend(unknown("node size", self.node_sizes.iter().flatten().map(ToString::to_string), &sizes));
        let empty = [
            ("regions", self.regions.as_ref().is_some_and(Vec::is_empty)),
            ("node_sizes", self.node_sizes.as_ref().is_some_and(Vec::is_empty)),
            ("tiers", self.tiers.as_ref().is_some_and(Vec::is_empty)),
            ("identities", self.identities.as_ref().is_some_and(Vec::is_empty)),
            ("registries", self.registries.as_ref().is_some_and(Vec::is_empty)),
            ("tags", self.tags.as_ref().is_some_and(Vec::is_empty)),
        ];
        for (key, _) in empty.into_iter().filter(|(_, empty)| *empty) {
            wrong.push(complain(
                key,
                format!("{key} names none, so that nothing would pass: name one, or leave it out."),
            ));
        }
        let bad = |registry: &&String| {
            registry.trim().is_empty() || registry.contains([' ', '*']) || registry.contains("://")
        };
        if let Some(registry) = self.registries.iter().flatten().find(bad) {
            let said =
                "A registry is written as in an image: registry.contoso.example, or with a path: ghcr.io/contoso.";
            wrong.push(complain(registry.as_str(), said));
        }
        let untaken = |name: &&String| Tags::parse(&format!("{name}=x")).map_or(true, |tags| !tags.has(name));
        if let Some(name) = self.tags.iter().flatten().find(untaken) {
            wrong.push(complain(name.as_str(), format!("Nobody can give a tag the name {name}: take another one.")));
        }
        wrong.extend(self.nodes.and_then(|range| range.wrong("nodes", 10)));
        wrong.extend(self.lifetime_days.and_then(|lifetime| lifetime.range().wrong("lifetime_days", 365)));
        wrong.extend(self.lifetime_days.and_then(Lifetime::wrong));
        wrong
    }
}

impl Lifetime {
    /// A form does not begin with what would not pass.
    fn wrong(self) -> Option<Complaint> {
        let (min, max) = (self.min.unwrap_or(1), self.max.unwrap_or(365));
        let default = self.default.filter(|default| !(min..=max).contains(default))?;
        let said =
            format!("lifetime_days would begin with {default}, which does not pass: its default is {min} to {max}.");
        Some(complain("lifetime_days", said))
    }
}

impl Range {
    fn wrong(self, key: &str, most: u32) -> Option<Complaint> {
        let (min, max) = (self.min.unwrap_or(1), self.max.unwrap_or(most));
        let fits = (1..=most).contains(&min) && (1..=most).contains(&max) && min <= max;
        let said = || {
            let example = format!("{key} = {{ min = 1, max = {most} }}");
            complain(key, format!("{key} goes from 1 to {most}, and its min is not above its max: {example}."))
        };
        let names_one = self.min.is_some() || self.max.is_some();
        (!fits || !names_one).then(said)
    }
}

/// The first word that nobody knows.
fn unknown(what: &str, mut words: impl Iterator<Item = String>, known: &[String]) -> Option<Complaint> {
    let word = words.find(|word| !known.contains(word))?;
    let there = if known.len() == 1 { "there is" } else { "there are" };
    let said = format!("There is no {what} {word}; {there} {}.", listed(known, "and"));
    Some(complain(format!("\"{word}\""), said))
}
