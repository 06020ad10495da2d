//! Writes to the file what many change at the same moment in one transaction, and shows it in memory when it is there.
//!
//! A change is made under the lock of the [`Open`] group, over what stands and what others of the group, and of the one
//! that is on its way to the file, have made. It counts when its group is in the file: then memory has it, and whoever
//! waits for it goes on. A lone change is written at once; what comes while one is being written makes the next group, and
//! behind a large one it waits for company: each group costs its transaction, however much is in it.
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sqlx::QueryBuilder;
use tokio::sync::watch;

use super::journal::{self, Entry};
use super::{Changed, Inner, StateError, while_doing};

/// Rows of one statement.
const ROWS: usize = 200;

/// Behind a group of so many documents and entries there is a crowd.
const CROWD: usize = 8;
/// The next one is written so much later then.
const GATHER: Duration = Duration::from_millis(5);

/// Collection and id.
pub(super) type Key = (String, String);

/// A document as it is to be, or nothing where it is to go.
pub(super) type Body = Option<Arc<Value>>;

pub(super) type Written = BTreeMap<Key, Body>;

/// What has been changed and is not in the file yet.
#[derive(Default)]
pub(super) struct Open {
    /// Everything of it, also what is being written now.
    pub(super) written: Written,
    /// What of it nobody writes yet.
    fresh: HashSet<Key>,
    entries: Vec<Entry>,
    /// Number of the last group that was taken to be written.
    number: u64,
    /// A task writes, and takes the open group when it has ended the last one.
    at_work: bool,
}

/// A document that is written, as the file has it.
struct Told {
    key: Key,
    body: Body,
    text: Option<String>,
}

/// How far the writing is.
#[derive(Clone, Default)]
pub(super) struct Ended {
    /// The last group that is in the file.
    last: u64,
    /// Groups that could not be written, and why.
    failed: Option<(RangeInclusive<u64>, Arc<str>)>,
}

impl Open {
    /// Notes what one change has written into it.
    pub(super) fn touch(&mut self, keys: Vec<Key>) {
        self.fresh.extend(keys);
    }

    pub(super) fn append(&mut self, entries: &[Entry]) {
        self.entries.extend_from_slice(entries);
    }

    /// Whether there is something that nobody writes yet.
    fn is_fresh(&self) -> bool {
        !self.fresh.is_empty() || !self.entries.is_empty()
    }

    /// Whether anything is not in the file yet.
    pub(super) fn has_something(&self) -> bool {
        !self.written.is_empty() || !self.entries.is_empty()
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.at_work
    }
}

fn same(one: &Body, other: &Body) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

impl Inner {
    /// Has the open group written, where nobody does yet; answers the number of the group that has to be in the file
    /// before anybody may be told of what was seen.
    pub(super) fn close_group(self: &Arc<Self>, open: &mut Open) -> u64 {
        if open.is_fresh() && !open.at_work {
            open.at_work = true;
            tokio::spawn(write_on(Arc::clone(self)));
        }
        open.number + u64::from(open.is_fresh())
    }

    /// Returns when that group is in the file and in memory.
    pub(super) async fn until_written(&self, mut ended: watch::Receiver<Ended>, number: u64) -> Result<(), StateError> {
        let failed = |why: &str| while_doing("writing the state file")(sqlx::Error::Protocol(why.to_owned()));
        let of = |ended: &Ended| ended.failed.clone().filter(|(groups, _)| groups.contains(&number));
        match ended.wait_for(|ended| ended.last >= number || of(ended).is_some()).await {
            Ok(ended) => of(&ended).map_or(Ok(()), |(_, why)| Err(failed(&why))),
            Err(_) => Err(failed("the state is closed")),
        }
    }

    /// Writes what one group has changed, all or nothing.
    async fn put_down(&self, documents: &[Told], entries: &[Entry]) -> sqlx::Result<()> {
        const PUT: &str = "insert into document (collection, id, body) ";
        const AGAIN: &str = " on conflict (collection, id) do update set body = excluded.body";
        let mut transaction = self.pool.begin().await?;
        let standing: Vec<_> = documents.iter().filter_map(|told| Some((&told.key, told.text.as_ref()?))).collect();
        for some in standing.chunks(ROWS) {
            let mut put = QueryBuilder::new(PUT);
            put.push_values(some, |mut row, ((collection, id), text)| {
                row.push_bind(collection).push_bind(id).push_bind(*text);
            });
            put.push(AGAIN).build().persistent(some.len() <= FEW).execute(&mut *transaction).await?;
        }
        for (collection, id) in documents.iter().filter(|told| told.body.is_none()).map(|told| &told.key) {
            let remove =
                sqlx::query("delete from document where collection = $1 and id = $2").bind(collection).bind(id);
            remove.execute(&mut *transaction).await?;
        }
        for some in entries.chunks(ROWS) {
            journal::insert(some).build().persistent(some.len() <= FEW).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

/// Statements of so many rows are kept prepared; of more there would be too many.
const FEW: usize = 8;

/// Writes group after group until nothing is left to write.
async fn write_on(state: Arc<Inner>) {
    loop {
        let (mut documents, entries, number) = {
            let mut open = state.open.lock().await;
            if !open.is_fresh() {
                open.at_work = false;
                state.ended.send_modify(|_| {}); // for whoever waits to close
                return;
            }
            let mut fresh: Vec<_> = std::mem::take(&mut open.fresh).into_iter().collect();
            fresh.sort_unstable();
            let told = |key: Key| Told { body: open.written.get(&key).cloned().flatten(), text: None, key };
            let documents: Vec<_> = fresh.into_iter().map(told).collect();
            let entries = std::mem::take(&mut open.entries);
            open.number += 1;
            (documents, entries, open.number)
        };
        let crowded = documents.len() + entries.len() >= CROWD;
        documents.iter_mut().for_each(|told| told.text = told.body.as_ref().map(|body| body.to_string()));
        let outcome = state.put_down(&documents, &entries).await;
        let mut open = state.open.lock().await;
        if let Err(error) = outcome {
            tracing::error!(%error, "the state could not be written");
            // Those who came meanwhile have seen what is not so.
            let groups = number..=number + 1;
            *open = Open { number: number + 1, ..Open::default() };
            drop(open);
            state.ended.send_modify(|ended| ended.failed = Some((groups, error.to_string().into())));
            return;
        }
        {
            let mut standing = state.documents.write().unwrap_or_else(PoisonError::into_inner);
            for Told { key: (collection, id), body, text } in &mut documents {
                match (body, text.take()) {
                    (Some(body), Some(text)) => standing.insert(collection, id, body, text),
                    _ => standing.forget(collection, id),
                }
            }
        }
        for Told { key, body, .. } in &documents {
            if open.written.get(key).is_some_and(|now| same(now, body)) && !open.fresh.contains(key) {
                open.written.remove(key);
            }
        }
        drop(open);
        state.ended.send_modify(|ended| ended.last = number);
        for Told { key: (collection, id), .. } in documents {
            // Nobody may be listening.
            let _ = state.changes.send(Changed { collection, id });
        }
        if crowded {
            tokio::time::sleep(GATHER).await;
        }
    }
}
