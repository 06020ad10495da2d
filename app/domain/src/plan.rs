//! The plan: what an approval permits, resource by resource, in the order in which it will happen.

mod order;

pub use order::Turn;

use crate::policy::Ruled;
use crate::wish::Wish;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Plan {
    pub lines: Vec<Line>,
    /// What the approval permits, in sentences.
    pub permits: Vec<String>,
    pub findings: Vec<Finding>,
    /// What Azure keeps after a removal, and until when, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<String>,
    /// In which order, and what side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Turn>,
    /// How long all of it is expected to take, by the medians of earlier runs, in wall milliseconds; no part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_ms: Option<i64>,
}

/// One resource and what will be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanLine))]
pub struct Line {
    /// Key of the step that does it.
    pub step: String,
    pub verb: Verb,
    /// `kv-payments-staging`, or a role's name.
    pub name: String,
    /// `Key Vault`, `Role assignment`.
    pub kind: String,
    /// What matters about it: "RBAC mode, soft delete 90 days".
    pub detail: String,
    /// Field by field, where something stands that is not as wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Titles of the steps that only at the end of them know what this one is made from: "known after Cluster".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_after: Vec<String>,
    /// How long it took earlier; says nothing about what is done, and is no part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// A field that is not as wanted, in the words of Azure's documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// `agentPoolProfiles.nodes.count`.
    pub field: String,
    /// Empty where it is not there.
    pub from: String,
    pub to: String,
}

/// What earlier runs of a step took, in wall milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Expected {
    pub median_ms: i64,
    /// Nine of ten were not longer.
    pub p90_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Create,
    Change,
    /// Removed and made again, because Azure cannot change it in place.
    Replace,
    Keep,
    Delete,
}

/// Something the plan's reader should know before sending or approving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Finding {
    pub weight: Weight,
    /// The field that answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub sentence: String,
    /// The policy that says so, where one does. What needs a further approval is a warning to whoever knows no policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Ruled>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The request cannot be sent like this.
    Deny,
    /// It can, but somebody should know.
    Warn,
}

impl Finding {
    /// The request cannot be sent like this; the sentence stands beside the field.
    pub fn deny(field: impl Into<String>, sentence: impl Into<String>) -> Finding {
        Finding { weight: Weight::Deny, field: Some(field.into()), sentence: sentence.into(), policy: None }
    }

    pub fn warn(field: Option<&str>, sentence: impl Into<String>) -> Finding {
        Finding { weight: Weight::Warn, field: field.map(str::to_owned), sentence: sentence.into(), policy: None }
    }
}

impl Plan {
    pub fn denied(&self) -> bool {
        self.findings.iter().any(|finding| finding.weight == Weight::Deny)
    }

    pub fn count(&self, verb: Verb) -> usize {
        self.lines.iter().filter(|line| line.verb == verb).count()
    }

    /// Eight hexadecimal digits in two groups over everything that the plan depends on: the wish, what is done to what
    /// was found, what it permits: `9f3c 21ab`. What is not known yet enters as its reference; what policies say enters
    /// where they say something.
    pub fn digest(&self, wish: &Wish) -> String {
        let lines: Vec<Line> = self.lines.iter().map(|line| Line { expected: None, ..line.clone() }).collect();
        let ruled: Vec<&Finding> = self.findings.iter().filter(|finding| finding.policy.is_some()).collect();
        let text = match ruled.is_empty() {
            true => serde_json::to_vec(&(wish, &lines, &self.permits, &self.kept)),
            false => serde_json::to_vec(&(wish, &lines, &self.permits, &self.kept, &ruled)),
        };
        let text = text.unwrap_or_default();
        let hex = hex::encode(Sha256::digest(text));
        format!("{} {}", &hex[..4], &hex[4..8])
    }

    /// What another look would do otherwise than this plan, line by line in sentences; empty where nothing.
    pub fn differences(&self, now: &Plan) -> Vec<String> {
        let same = |line: &Line, other: &Line| line.step == other.step && line.name == other.name;
        let mut said = Vec::new();
        for line in &now.lines {
            match self.lines.iter().find(|approved| same(line, approved)) {
                None => said.push(format!("{}: to be {}, which the plan did not name", line.name, line.verb.done())),
                Some(approved) if approved.verb != line.verb => {
                    let (was, is) = (approved.verb.done(), line.verb.done());
                    let fields: Vec<String> = line.changes.iter().map(FieldChange::said).collect();
                    let fields = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join("; ")) };
                    said.push(format!("{}: was to be {was}, is to be {is} now{fields}", line.name));
                }
                Some(approved) if approved.changes != line.changes => {
                    let fields: Vec<String> = line.changes.iter().map(FieldChange::said).collect();
                    said.push(format!("{}: differs otherwise now: {}", line.name, fields.join("; ")));
                }
                Some(approved) if approved.detail != line.detail => {
                    said.push(format!("{}: {} instead of {}", line.name, line.detail, approved.detail));
                }
                Some(_) => {}
            }
        }
        let dropped = self.lines.iter().filter(|approved| !now.lines.iter().any(|line| same(line, approved)));
        said.extend(
            dropped.map(|line| format!("{}: was to be {}, is in no plan any more", line.name, line.verb.done())),
        );
        said.extend(now.kept.iter().filter(|kept| !self.kept.contains(kept)).cloned());
        said
    }
}

impl FieldChange {
    /// "count: 1 instead of 3".
    fn said(&self) -> String {
        let from = if self.from.is_empty() { "nothing" } else { &self.from };
        format!("{}: {from} instead of {}", self.field, self.to)
    }
}

impl Verb {
    /// As a participle: "created".
    pub fn done(self) -> &'static str {
        match self {
            Verb::Create => "created",
            Verb::Change => "changed",
            Verb::Replace => "replaced",
            Verb::Keep => "kept",
            Verb::Delete => "deleted",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn line(name: &str, verb: Verb) -> Line {
        Line {
            step: name.to_owned(),
            verb,
            name: name.to_owned(),
            kind: "Thing".to_owned(),
            detail: String::new(),
            changes: Vec::new(),
            known_after: Vec::new(),
            expected: None,
        }
    }

    fn plan(lines: Vec<Line>) -> Plan {
        Plan { lines, ..Plan::default() }
    }

    #[test]
    fn a_changed_world_is_told_line_by_line() {
        let approved =
            plan(vec![line("vault", Verb::Create), line("cluster", Verb::Create), line("role", Verb::Create)]);
        assert!(approved.differences(&approved).is_empty());
        let mut cluster = line("cluster", Verb::Change);
        cluster.changes.push(FieldChange { field: "count".into(), from: "1".into(), to: "3".into() });
        let now = plan(vec![line("vault", Verb::Create), cluster, line("lock", Verb::Create)]);
        assert_eq!(
            approved.differences(&now),
            [
                "cluster: was to be created, is to be changed now (count: 1 instead of 3)",
                "lock: to be created, which the plan did not name",
                "role: was to be created, is in no plan any more",
            ]
        );
    }

    #[test]
    fn how_long_it_takes_and_in_which_order_is_no_part_of_what_is_approved() {
        let plain = plan(vec![line("vault", Verb::Create)]);
        let mut timed = plain.clone();
        timed.lines[0].expected = Some(Expected { median_ms: 30_000, p90_ms: 40_000 });
        timed.put_in_order(&[crate::job::tests::step("vault", &[])]);
        assert_eq!((timed.turns(), timed.expected_ms), (1, Some(30_000)));
        assert_eq!(plain.digest(&wish(1)), timed.digest(&wish(1)));
        assert_ne!(plain.digest(&wish(1)), plain.digest(&wish(3)), "another wish is another plan");
    }

    fn wish(nodes: u32) -> Wish {
        let mut wish = crate::form::tests::sample();
        wish.cluster.nodes = nodes;
        wish
    }
}
