//! What exists: each resource in its group with its state, then what lies inside resources and what is deleted.
use std::collections::BTreeMap;

use crate::arm::ResourceId;
use crate::control::page::{empty, section, some_of, state};
use crate::html::escape;
use crate::picture;
use crate::resources::{self, Resource};
use crate::roles::ASSIGNMENTS;
use crate::world::World;

const GROUPS: usize = 50;
const IN_A_GROUP: usize = 60;
const LINES: usize = 60;

/// A group, and what lies in it.
#[derive(Default)]
struct Group<'a> {
    itself: Option<&'a Resource>,
    inside: Vec<&'a Resource>,
}

/// The section.
pub(super) fn groups(world: &World) -> String {
    let all = world.state.read(|draft| resources::under(draft, ""));
    let others = all.iter().filter(|one| !one.kind().eq_ignore_ascii_case(ASSIGNMENTS));
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for one in others {
        let id = ResourceId::parse(one.id());
        let name = one.id().split('/').nth(4).filter(|_| one.id().split('/').nth(3).is_some_and(is_groups));
        let group = groups.entry(name.unwrap_or("subscription").to_ascii_lowercase()).or_default();
        match id {
            Some(_) => group.inside.push(one),
            None => group.itself = Some(one),
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // What AKS has made comes after what was asked for.
    groups.sort_by_key(|(name, _)| name.starts_with("mc_"));
    let shown = match groups.is_empty() {
        true => empty("Nothing yet. A client's first PUT of a resource group shows here."),
        false => format!("<ul class=\"groups\">{}</ul>", some_of(&groups, GROUPS, group)),
    };
    section("exists", "Resource groups", groups.len(), &format!("{shown}{}", inside(world)))
}

fn is_groups(part: &str) -> bool {
    part.eq_ignore_ascii_case("resourceGroups")
}

fn group((name, group): &(String, Group<'_>)) -> String {
    let mut inside = group.inside.clone();
    // What needs a look comes first.
    inside.sort_by_key(|one| (shape(one.provisioning_state()) == "stands", one.kind(), one.id()));
    // With its own capitals.
    let name = group.itself.and_then(|group| group.body["name"].as_str()).unwrap_or(name);
    let location = group.itself.and_then(|group| group.body["location"].as_str()).unwrap_or_default();
    let moves = group.itself.map(Resource::provisioning_state).filter(|state| shape(state) != "stands");
    format!(
        "<li><h3>{} <span class=\"quiet\">{}</span> {}</h3><ul class=\"rows\">{}</ul></li>",
        escape(name),
        escape(location),
        moves.map(|word| state(shape(word), word)).unwrap_or_default(),
        match inside.is_empty() {
            true => "<li class=\"more\">nothing in it</li>".to_owned(),
            false => some_of(&inside, IN_A_GROUP, |one| row(one)),
        },
    )
}

fn row(resource: &Resource) -> String {
    let word = match resource.provisioning_state() {
        "" | "Succeeded" => "Ready",
        other => other,
    };
    let kind = resource.kind().split_once('/').map_or(resource.kind(), |(_, kind)| kind);
    let names = ResourceId::parse(resource.id()).map(|id| {
        let scope = ResourceId::parse(id.scope()).map(|of| format!(" at {}", of.name())).unwrap_or_default();
        format!("{}{scope}", id.names().join("/"))
    });
    let facts: String = picture::facts(&resource.body)
        .into_iter()
        .map(|(label, value)| format!("<span>{label} {}</span>", escape(&value)))
        .collect();
    format!(
        "<li><span class=\"name\">{}</span><span class=\"kind\">{}</span><span class=\"detail\">{facts}</span>{}</li>",
        escape(&names.unwrap_or_default()),
        escape(kind),
        state(shape(resource.provisioning_state()), word)
    )
}

fn shape(state: &str) -> &'static str {
    match state {
        "" | "Succeeded" => "stands",
        "Failed" | "Canceled" => "failed",
        _ => "moves",
    }
}

/// What is no resource, or none any more: folded, because it is much.
fn inside(world: &World) -> String {
    let titles = [
        ("assignments", "Role assignments"),
        ("pods", "Pods"),
        ("secrets", "Secrets, by name"),
        ("deleted vaults", "Deleted vaults, whose names are taken"),
        ("deleted workspaces", "Deleted workspaces"),
    ];
    let fold = |(section, lines): &(&str, Vec<String>)| {
        let (_, title) = titles.iter().find(|(known, _)| known == section).filter(|_| !lines.is_empty())?;
        Some(format!(
            "<details id=\"{}\"><summary>{title} <span class=\"count\">{}</span></summary><ul class=\"lines\">{}</ul></details>",
            section.replace(' ', "-"),
            lines.len(),
            some_of(lines, LINES, |line| format!("<li>{}</li>", escape(line)))
        ))
    };
    picture::sections(world).iter().filter_map(fold).collect()
}
