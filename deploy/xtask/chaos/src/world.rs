//! The simulator's picture of everything, as text: sections, each a line at the margin and indented lines below it.

use std::collections::{BTreeMap, BTreeSet};

pub struct World {
    sections: BTreeMap<String, Vec<String>>,
}

/// One resource: `GROUP/PROVIDER/TYPE/NAME location=westeurope tier=Free tags keystead-team=payments`.
pub struct Thing<'w> {
    line: &'w str,
}

impl World {
    pub fn read(text: &str) -> World {
        let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut section = String::new();
        for line in text.lines() {
            match line.strip_prefix("  ") {
                Some(row) => sections.entry(section.clone()).or_default().push(row.to_owned()),
                None => line.trim().clone_into(&mut section),
            }
        }
        World { sections }
    }

    fn of(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections.get(section).into_iter().flatten().map(String::as_str)
    }

    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.of("groups").map(|line| Thing { line }.path())
    }

    pub fn group(&self, name: &str) -> Option<Thing<'_>> {
        self.of("groups").map(|line| Thing { line }).find(|group| group.path() == name)
    }

    /// What lies in this group: `GROUP/PROVIDER/TYPE/NAME`, sometimes with a further type and name.
    pub fn inside(&self, group: &str) -> Vec<Thing<'_>> {
        self.of("resources").filter(|line| begins(line, &format!("{group}/"))).map(|line| Thing { line }).collect()
    }

    /// `ROLE to PRINCIPAL at SCOPE` for what lies in this group, in small letters.
    pub fn roles(&self, group: &str) -> BTreeSet<String> {
        let lines = self.of("assignments").filter(|line| begins(line, &format!("{group}/")));
        lines
            .filter_map(|line| line.split_once(": "))
            .map(|(scope, role)| format!("{role} at {scope}").to_ascii_lowercase())
            .collect()
    }

    /// Names of the secrets in a vault.
    pub fn secrets(&self, vault: &str) -> BTreeSet<&str> {
        let inside = self.of("secrets").filter_map(|line| line.strip_prefix(vault)?.strip_prefix('/'));
        inside.filter_map(|rest| rest.split(' ').next()).collect()
    }

    /// What still goes on in a group.
    pub fn operations(&self, group: &str) -> Vec<&str> {
        self.of("operations").filter(|line| is_named(line, group)).collect()
    }
}

impl<'w> Thing<'w> {
    pub fn path(&self) -> &'w str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// Type and name below the group, in small letters.
    pub fn is(&self, below: &str) -> bool {
        self.path().split_once('/').is_some_and(|(_, path)| path.eq_ignore_ascii_case(below))
    }

    /// `count`, `size`, `tier` and so on, as the picture says it.
    pub fn fact(&self, label: &str) -> Option<&'w str> {
        let facts = self.line.split(" tags ").next().unwrap_or_default();
        facts.split(' ').find_map(|word| word.strip_prefix(label)?.strip_prefix('='))
    }

    pub fn tags(&self) -> BTreeMap<&'w str, &'w str> {
        let tags = self.line.split_once(" tags ").map(|(_, tags)| tags).unwrap_or_default();
        tags.split(", ").filter_map(|tag| tag.split_once('=')).collect()
    }
}

fn begins(line: &str, with: &str) -> bool {
    line.get(..with.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(with))
}

/// Whether a group is named in it, and not another one whose name goes on.
fn is_named(line: &str, group: &str) -> bool {
    line.split([' ', '/']).any(|word| word.eq_ignore_ascii_case(group))
}
