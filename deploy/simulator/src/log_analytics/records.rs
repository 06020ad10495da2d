//! Keeps the records of each workspace in the state, one batch a table, source and minute, for the workspace's retention.

use jiff::Timestamp;
use serde_json::Value;

use super::kql;
use super::schema::Schema;
use crate::state::Draft;

/// The collection of the batches, by workspace, table, minute and source: each a list of rows, each row a JSON object by
/// column.
const RECORDS: &str = "logRecords";

/// How many rows a table of a workspace keeps at most, whatever its retention.
const KEPT: usize = 5000;
/// How many rows a batch of records that add up has at most.
const BATCH: usize = 500;

/// Where records go.
pub(super) struct Place {
    /// The workspace's own id.
    pub(super) customer: String,
    /// For how long it keeps them.
    pub(super) retention: std::time::Duration,
}

/// What of a source counts within one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The latest picture of what is there. At a high speed it is drawn more than once a minute, as Azure never does.
    Latest,
    /// Everything: what happened.
    Every,
}

/// Adds rows to a table; whether anything was written.
pub(super) fn add(
    draft: &mut Draft<'_>,
    place: &Place,
    table: &str,
    source: &str,
    at: Timestamp,
    mut rows: Vec<Value>,
    keep: Keep,
) -> bool {
    if rows.is_empty() {
        return false;
    }
    let under = format!("{}/{table}/", place.customer);
    // Twenty digits keep the order of the text the order of time.
    let key = |part: usize| format!("{under}{:020}-{source}-{part}", minute(at));
    let mut part = 0;
    let mut standing = draft.get(RECORDS, &key(part));
    let mut is_new = standing.is_none();
    match keep {
        Keep::Latest if standing.as_ref().is_some_and(|standing| same(standing, &rows)) => return false,
        Keep::Latest => {}
        Keep::Every => {
            while standing.as_ref().and_then(Value::as_array).is_some_and(|batch| batch.len() >= BATCH) {
                part += 1;
                standing = draft.get(RECORDS, &key(part));
            }
            is_new = standing.is_none();
            if let Some(Value::Array(mut earlier)) = standing {
                earlier.append(&mut rows);
                rows = earlier;
            }
        }
    }
    if is_new {
        prune(draft, place, &under, at, rows.len());
    }
    draft.put(RECORDS, &key(part), Value::Array(rows));
    true
}

fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Whether rows say the same, whenever they say it.
fn same(standing: &Value, rows: &[Value]) -> bool {
    let same_row = |one: &Value, other: &Value| match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| name == "TimeGenerated" || other.get(name) == Some(value))
        }
        _ => one == other,
    };
    standing.as_array().is_some_and(|standing| {
        standing.len() == rows.len() && standing.iter().zip(rows).all(|(one, other)| same_row(one, other))
    })
}

/// Forgets what is older than the workspace keeps, and the oldest of what is too much.
fn prune(draft: &mut Draft<'_>, place: &Place, under: &str, at: Timestamp, coming: usize) {
    let oldest = minute(at.checked_sub(place.retention).unwrap_or(Timestamp::MIN));
    let mut kept = coming;
    let mut batches: Vec<(String, usize)> = Vec::new();
    draft.visit(RECORDS, under, |id, batch| batches.push((id.to_owned(), batch.as_array().map_or(0, Vec::len))));
    for (id, count) in batches.iter().rev() {
        kept += count;
        let when = id[under.len()..].split('-').next().and_then(|text| text.parse::<i64>().ok());
        if kept > KEPT || when.is_none_or(|when| when < oldest) {
            draft.remove(RECORDS, id);
        }
    }
}

/// A table of a workspace as a query sees it: without what has not arrived yet, and without rows that cannot pass.
pub(super) fn table(draft: &Draft<'_>, customer: &str, schema: &Schema, needed: &[kql::Needed]) -> kql::Table {
    let columns = schema.columns();
    let of_rows: Vec<&kql::Needed> = needed.iter().filter(|it| is_text_of_rows(&columns, it.column())).collect();
    let may_pass = |row: &Value| of_rows.iter().all(|it| row[it.column()].as_str().is_some_and(|text| it.may_be(text)));
    let mut rows = Vec::new();
    let has_arrived = |row: &Value| {
        let arrives = row["_TimeReceived"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        arrives.is_none_or(|arrives| arrives <= draft.now)
    };
    draft.visit(RECORDS, &format!("{customer}/{}/", schema.name), |_, batch| {
        for row in batch.as_array().into_iter().flatten().filter(|row| may_pass(row) && has_arrived(row)) {
            let value = |column: &kql::Column| match column.name.as_str() {
                "Type" => kql::Value::Text(schema.name.to_owned()),
                "TenantId" => kql::Value::Text(customer.to_owned()),
                "SourceSystem" => kql::Value::Text(schema.source.to_owned()),
                name => kql::Value::of_json(&row[name], column.kind),
            };
            rows.push(columns.iter().map(value).collect());
        }
    });
    kql::Table { columns, rows }
}

/// Whether a column is a text that stands in the rows themselves.
fn is_text_of_rows(columns: &[kql::Column], name: &str) -> bool {
    !["Type", "TenantId", "SourceSystem"].contains(&name)
        && columns.iter().any(|column| column.name == name && column.kind == kql::Kind::Text)
}

/// Forgets everything of a workspace.
pub(super) fn forget(draft: &mut Draft<'_>, customer: &str) {
    let ids: Vec<String> = draft.list_under(RECORDS, &format!("{customer}/")).into_iter().map(|(id, _)| id).collect();
    for id in ids {
        draft.remove(RECORDS, &id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::Clock;
    use crate::state::{State, StateError};
    use serde_json::json;
    use std::time::Duration;

    const START: &str = "2026-11-23T09:00:00Z";
    const DAY: Duration = Duration::from_secs(24 * 3600);

    async fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START.parse().unwrap());
        let state = State::open(&folder.path().join("state.sqlite"), clock).await.unwrap();
        (folder, state)
    }

    fn place() -> Place {
        Place { customer: "c".into(), retention: 30 * DAY }
    }

    /// Adds one row at each of so many seconds after the start; how many batches and rows there are then.
    async fn after(state: &State, seconds: impl Iterator<Item = u64>, keep: Keep) -> (usize, usize) {
        let start: Timestamp = START.parse().unwrap();
        let written = state.change(|draft| {
            for second in seconds {
                let at = start.checked_add(Duration::from_secs(second)).unwrap();
                let row =
                    json!({"TimeGenerated": at, "Name": "web", "Turn": if keep == Keep::Every { second } else { 0 }});
                add(draft, &place(), "T", "cluster", at, vec![row], keep);
            }
            Ok::<_, StateError>(())
        });
        written.await.unwrap();
        let all = state.list(RECORDS);
        (all.len(), all.iter().map(|(_, batch)| batch.as_array().unwrap().len()).sum())
    }

    #[tokio::test]
    async fn a_picture_is_kept_once_a_minute_and_what_happened_as_often_as_it_did() {
        let (_folder, state) = state().await;
        assert_eq!(after(&state, (0..300).step_by(2), Keep::Latest).await, (5, 5));
        let (_folder, state) = self::state().await;
        assert_eq!(after(&state, (0..300).step_by(2), Keep::Every).await, (5, 150));
    }

    #[tokio::test]
    async fn what_is_older_than_the_retention_or_too_much_goes() {
        let (_folder, state) = state().await;
        let day = DAY.as_secs();
        assert_eq!(after(&state, [0, day, 31 * day].into_iter(), Keep::Latest).await, (2, 2));
        let (_folder, state) = self::state().await;
        let (_, rows) = after(&state, 0..6000, Keep::Every).await;
        assert!((KEPT - 60..=KEPT + 60).contains(&rows), "{rows}");
    }
}
