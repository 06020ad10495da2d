//! Who could read an environment's secrets, and who did.

use crate::access::{Kind, Span};
use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// A minute in UTC, `2026-11-27T09:30`; empty for the newest look and everything before.
    pub at: String,
    /// A secret's name; empty for all.
    #[serde(rename = "secret")]
    pub of: String,
}

/// Who could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretsAccess))]
pub struct Access {
    pub environment: String,
    pub vault: String,
    /// The first look at who may; what ended before it is not known. `None` before any.
    pub since: Option<Moment>,
    /// The newest.
    pub looked: Option<Moment>,
    /// What could not be found out, as sentences.
    pub unknown: Vec<String>,
    /// The time that was asked about.
    pub at: Option<Moment>,
    pub holders: Vec<Holder>,
    /// Of the secrets.
    pub names: Vec<String>,
    /// When the server rendered this.
    pub now: Moment,
}

/// Somebody who could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretHolder))]
pub struct Holder {
    pub name: String,
    pub principal: String,
    pub kind: Kind,
    /// The group by which.
    pub through: Option<String>,
    pub role: String,
    /// "on the vault", "inherited from the subscription".
    pub place: String,
    pub reads: bool,
    pub grants: bool,
    pub conditional: bool,
    pub span: Span,
    /// Of a time that was asked about: nobody looked just then, so it is not certain.
    pub perhaps: bool,
}

/// What the vault's own audit log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretUses))]
pub struct Uses {
    /// Since when the vault writes it: no access before is in it.
    pub since: Option<Moment>,
    /// Newest first.
    pub rows: Vec<Use>,
    /// Whether there are more than are shown.
    pub more: bool,
}

/// Accesses to the vault that differ in nothing but their time, of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretUse))]
pub struct Use {
    /// The newest.
    pub at: Moment,
    pub times: u32,
    pub who: String,
    /// "read a value", "set a value".
    pub what: String,
    /// The secret's name, where it was about one.
    pub of: Option<String>,
    /// Whether the vault allowed it.
    pub allowed: bool,
    /// From which address.
    pub from: String,
}

const DAY: i64 = 86_400_000;

/// One line for those of a day (UTC) that differ in nothing but their time, in the order of their newest.
pub fn folded(rows: impl IntoIterator<Item = Use>) -> Vec<Use> {
    let mut lines: Vec<Use> = Vec::new();
    for row in rows {
        let same = |line: &&mut Use| {
            let alone = |one: &Use| (one.who.clone(), one.what.clone(), one.of.clone(), one.allowed, one.from.clone());
            line.at.0.div_euclid(DAY) == row.at.0.div_euclid(DAY) && alone(line) == alone(&row)
        };
        match lines.iter_mut().find(same) {
            Some(line) => {
                line.times = line.times.saturating_add(row.times);
                line.at = line.at.max(row.at);
            }
            None => lines.push(row),
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(at: i64, who: &str, allowed: bool) -> Use {
        let (what, of, from) = ("Read the value".to_owned(), Some("password".to_owned()), "203.0.113.24".to_owned());
        Use { at: Moment(at), times: 1, who: who.to_owned(), what, of, allowed, from }
    }

    #[test]
    fn what_differs_in_its_time_alone_is_one_line_a_day() {
        let rows = [used(DAY + 9, "app", true), used(DAY + 5, "app", true), used(DAY + 7, "app", false)];
        let lines = folded(rows.into_iter().chain([used(DAY - 1, "app", true), used(DAY + 6, "else", true)]));
        let told: Vec<(i64, u32)> = lines.iter().map(|line| (line.at.0 - DAY, line.times)).collect();
        assert_eq!(told, [(9, 2), (7, 1), (6, 1), (-1, 1)]);
    }
}
