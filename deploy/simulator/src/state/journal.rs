//! Keeps what happened, by time, in a table beside the documents: found by resource, group or correlation, forgotten
//! after its time. It is not held in memory, because it only grows.
use jiff::Timestamp;
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{State, StateError, while_doing};

/// Something that happened to a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The resource's id.
    pub resource: String,
    /// What belongs together has the same.
    pub correlation: String,
    /// The rest.
    pub body: Value,
}

/// Which entries are looked for; what is not given does not matter, and of resource, group and correlation the first
/// that is given decides.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// At or after.
    pub from: Option<Timestamp>,
    /// At or before.
    pub to: Option<Timestamp>,
    /// The resource, or one below it.
    pub resource: Option<String>,
    /// In a group, by its id.
    pub group: Option<String>,
    /// With that correlation.
    pub correlation: Option<String>,
    /// Older than the entry with this number.
    pub before: Option<i64>,
}

pub(super) const TABLES: &[&str] = &[
    "create table if not exists event (number integer primary key, at integer not null, resource text not null, \
     resource_group text not null, correlation text not null, body text not null)",
    "create index if not exists event_resource on event (resource, at)",
    "create index if not exists event_group on event (resource_group, at)",
    "create index if not exists event_correlation on event (correlation)",
    "create index if not exists event_at on event (at)",
];

/// One text for each way to look, so that each uses its index.
macro_rules! select {
    ($key:literal) => {
        concat!(
            "select number, at, resource, correlation, body from event where ",
            $key,
            " and at >= $2 and at <= $3 and ($4 is null or number < $4) order by number desc limit $5"
        )
    };
}
/// `/` and `0` stand side by side: everything between them is below.
const OF_RESOURCE: &str = select!("(resource = $1 or (resource > $1 || '/' and resource < $1 || '0'))");
const OF_GROUP: &str = select!("resource_group = $1");
const OF_CORRELATION: &str = select!("correlation = $1");
const OF_ALL: &str = select!("$1 is null");

/// The statement that adds them.
pub(super) fn insert(entries: &[Entry]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new("insert into event (at, resource_group, correlation, body, resource) ");
    insert.push_values(entries, |mut row, entry| {
        let resource = entry.resource.to_ascii_lowercase();
        row.push_bind(entry.at.as_millisecond()).push_bind(group_of(&resource).to_owned());
        row.push_bind(entry.correlation.clone()).push_bind(entry.body.to_string());
        row.push_bind(resource);
    });
    insert
}

impl State {
    /// Adds entries, all or none.
    pub async fn append(&self, entries: &[Entry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut open = self.0.open.lock().await;
        open.append(entries);
        let (ended, number) = (self.0.ended.subscribe(), self.0.close_group(&mut open));
        drop(open);
        self.0.until_written(ended, number).await
    }

    /// The newest `most` of the entries that are looked for, newest first, each with its number.
    pub async fn journal(&self, wanted: &Wanted, most: i64) -> Result<Vec<(i64, Entry)>, StateError> {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_ascii_lowercase);
        let (text, key) = match (lower(&wanted.resource), lower(&wanted.group), wanted.correlation.clone()) {
            (Some(resource), _, _) => (OF_RESOURCE, Some(resource)),
            (None, Some(group), _) => (OF_GROUP, Some(group)),
            (None, None, Some(correlation)) => (OF_CORRELATION, Some(correlation)),
            (None, None, None) => (OF_ALL, None),
        };
        let rows = sqlx::query(text)
            .bind(key)
            .bind(wanted.from.map_or(i64::MIN, Timestamp::as_millisecond))
            .bind(wanted.to.map_or(i64::MAX, Timestamp::as_millisecond))
            .bind(wanted.before)
            .bind(most)
            .fetch_all(&self.0.pool)
            .await
            .map_err(while_doing("reading the journal"))?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            let entry = Entry {
                at: Timestamp::from_millisecond(row.get("at")).unwrap_or_default(),
                resource: row.get("resource"),
                correlation: row.get("correlation"),
                body: serde_json::from_str(row.get("body")).unwrap_or_default(),
            };
            (row.get("number"), entry)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Forgets what happened before that moment.
    pub async fn forget_before(&self, at: Timestamp) -> Result<(), StateError> {
        let forgotten = sqlx::query("delete from event where at < $1").bind(at.as_millisecond()).execute(&self.0.pool);
        forgotten.await.map(drop).map_err(while_doing("forgetting old entries of the journal"))
    }
}

/// The id of the group that a lower-case resource id lies in, or nothing.
fn group_of(resource: &str) -> &str {
    let end = resource.match_indices('/').nth(4).map_or(resource.len(), |(at, _)| at);
    let group = &resource[..end];
    if group.split('/').nth(3) == Some("resourcegroups") { group } else { "" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::Clock;
    use serde_json::json;

    #[test]
    fn a_resource_lies_in_its_group() {
        assert_eq!(group_of("/subscriptions/s/resourcegroups/g/providers/x/y/z"), "/subscriptions/s/resourcegroups/g");
        assert_eq!(group_of("/subscriptions/s/resourcegroups/g"), "/subscriptions/s/resourcegroups/g");
        assert_eq!(group_of("/subscriptions/s/providers/x/y/z"), "");
    }

    #[tokio::test]
    async fn entries_are_found_by_resource_and_group_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let state = State::open(&folder.path().join("state.sqlite"), Clock::manual(start)).await.unwrap();
        let entry = |seconds: i64, resource: &str| Entry {
            at: Timestamp::from_second(start.as_second() + seconds).unwrap(),
            resource: resource.to_owned(),
            correlation: "c".to_owned(),
            body: json!(seconds),
        };
        let things = "/subscriptions/s/resourceGroups/G/providers/X/things";
        let entries = [
            entry(1, &format!("{things}/T")),
            entry(2, &format!("{things}/t/parts/p")),
            entry(3, &format!("{things}/t2")),
            entry(4, "/subscriptions/s/resourceGroups/G"),
            entry(5, "/subscriptions/s/resourceGroups/other"),
        ];
        state.append(&entries).await.unwrap();
        let found = async |wanted: Wanted| -> Vec<Value> {
            state.journal(&wanted, 10).await.unwrap().into_iter().map(|(_, entry)| entry.body).collect()
        };
        let of_resource = Wanted { resource: Some(format!("{things}/t")), ..Wanted::default() };
        assert_eq!(found(of_resource).await, [json!(2), json!(1)]);
        let group = "/subscriptions/s/resourcegroups/g".to_owned();
        let of_group =
            Wanted { group: Some(group), from: Some(entries[1].at), to: Some(entries[2].at), ..Wanted::default() };
        assert_eq!(found(of_group).await, [json!(3), json!(2)]);
        let older = Wanted { before: Some(4), ..Wanted::default() };
        assert_eq!(found(older).await, [json!(3), json!(2), json!(1)]);
        state.forget_before(entries[4].at).await.unwrap();
        assert_eq!(found(Wanted::default()).await, [json!(5)]);
    }
}
