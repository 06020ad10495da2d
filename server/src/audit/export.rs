//! Writes the record out, a page at a time, so that no export is held in memory.
//!
//! JSON Lines, each line the one text of its value ([`canonical`]):
//! 1. what this is: `{"keystead_record":1, "at", "by", "filter"}`;
//! 2. where the chain is taken up: a checkpoint, unless it is from the very beginning;
//! 3. in the chain's order every link from there to the last checkpoint: `{"entry", "hash", "seq"}`, or where the entry is
//!    not looked for, its leaf alone: `{"hash", "left_out", "seq"}`, which says nothing of it and keeps the chain whole;
//!    after the last link that a checkpoint covers, `{"checkpoint", "key", "signature"}`;
//! 4. the end: `{"end": {"entries", "left_out", "sha256"}, "key", "signature"}`, over every byte before.

use super::{CHECKPOINT, EXPORT, csv};
use crate::seal::Signing;
use crate::store::audit::Bounds;
use crate::store::audit::chain::{self, Signed};
use crate::store::{Error, Store};
use domain::Moment;
use domain::audit::Recorded;
use domain::audit::chain::canonical;
use domain::view::audit::{Filter, Form};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

/// Links that are read at once.
const PAGE: i64 = 500;

/// What is to be written out, for whom.
pub struct Export {
    pub store: Store,
    pub key: Signing,
    pub bounds: Bounds,
    /// As it was asked.
    pub filter: Filter,
    pub by: String,
    pub at: Moment,
}

/// Whoever reads is gone.
struct Gone;

enum Stop {
    Gone,
    Store(Error),
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Stop {
        Stop::Gone
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Store(error)
    }
}

impl Export {
    /// Writes until the end or until nobody reads any more; a failure is the last thing that is sent.
    pub async fn write(self, form: Form, out: Sender<Result<String, Error>>) {
        let written = match form {
            Form::JsonLines => self.lines(&out).await,
            Form::Csv => self.table(&out).await,
        };
        if let Err(Stop::Store(error)) = written {
            // Who reads sees a file without its end; whether somebody still does is no matter.
            let _ = out.send(Err(error)).await;
        }
    }

    async fn lines(&self, out: &Sender<Result<String, Error>>) -> Result<(), Stop> {
        let mut file = File { out, sum: Sha256::new(), entries: 0, left_out: 0 };
        let asked = self.filter.pairs().into_iter().filter(|(_, value)| !value.is_empty());
        let mut filter: Map<String, Value> = asked.map(|(name, value)| (name.to_owned(), value.into())).collect();
        if let Some(teams) = &self.bounds.teams {
            filter.insert("teams".to_owned(), json!(teams));
        }
        file.say(&[json!({ "keystead_record": 1, "at": self.at.rfc3339(), "by": self.by, "filter": filter })]).await?;
        if let Some((first, last)) = chain::span(&self.store, &self.bounds).await? {
            let anchor = chain::checkpoint_below(&self.store, first).await?;
            let until = chain::checkpoint_over(&self.store, last).await?.map_or(last, |signed| signed.checkpoint.seq);
            let mut above = anchor.as_ref().map_or(0, |signed| signed.checkpoint.seq);
            if let Some(anchor) = &anchor {
                file.say(&[signed(anchor)]).await?;
            }
            loop {
                let page = chain::links(&self.store, &self.bounds, above, until, PAGE).await?;
                let Some(up_to) = page.last().and_then(|(last, _)| last.link.as_ref()).map(|link| link.seq) else {
                    break;
                };
                let checkpoints = chain::checkpoints(&self.store, above, up_to).await?;
                file.page(&page, &checkpoints).await?;
                above = up_to;
            }
        }
        let end = file.end();
        let signature = self.key.sign(EXPORT, &canonical(&end));
        file.say(&[json!({ "end": end, "key": self.key.public(), "signature": signature })]).await?;
        Ok(())
    }

    async fn table(&self, out: &Sender<Result<String, Error>>) -> Result<(), Stop> {
        send(out, csv::HEAD.to_owned()).await?;
        let Some((first, last)) = chain::span(&self.store, &self.bounds).await? else { return Ok(()) };
        let mut above = first - 1;
        loop {
            let page = chain::links(&self.store, &self.bounds, above, last, PAGE).await?;
            let Some(up_to) = page.last().and_then(|(last, _)| last.link.as_ref()).map(|link| link.seq) else { break };
            above = up_to;
            send(out, page.iter().filter(|(_, wanted)| *wanted).map(|(entry, _)| csv::line(entry)).collect()).await?;
        }
        Ok(())
    }
}

async fn send(out: &Sender<Result<String, Error>>, text: String) -> Result<(), Gone> {
    out.send(Ok(text)).await.map_err(|_| Gone)
}

fn signed(signed: &Signed) -> Value {
    json!({ "checkpoint": signed.checkpoint.document(), "key": signed.public_key, "signature": signed.signature })
}

/// What is written, and what was.
struct File<'a> {
    out: &'a Sender<Result<String, Error>>,
    sum: Sha256,
    entries: i64,
    left_out: i64,
}

impl File<'_> {
    async fn say(&mut self, values: &[Value]) -> Result<(), Gone> {
        let text: String = values.iter().map(|value| format!("{}\n", canonical(value))).collect();
        self.sum.update(&text);
        send(self.out, text).await
    }

    async fn page(&mut self, page: &[(Recorded, bool)], checkpoints: &[Signed]) -> Result<(), Gone> {
        let mut checkpoints = checkpoints.iter().peekable();
        let mut lines = Vec::with_capacity(page.len());
        for (recorded, wanted) in page {
            let Some(link) = &recorded.link else { continue };
            lines.push(match wanted {
                true => json!({ "entry": recorded.document(), "hash": link.hash, "seq": link.seq }),
                false => json!({ "left_out": link.leaf, "hash": link.hash, "seq": link.seq }),
            });
            self.entries += i64::from(*wanted);
            self.left_out += i64::from(!wanted);
            if let Some(here) = checkpoints.next_if(|signed| signed.checkpoint.seq == link.seq) {
                lines.push(signed(here));
            }
        }
        self.say(&lines).await
    }

    fn end(&self) -> Value {
        let sum = hex::encode(self.sum.clone().finalize());
        json!({ "entries": self.entries, "left_out": self.left_out, "sha256": sum })
    }
}

/// Whether this public key signed this checkpoint.
pub(super) fn checkpoint_holds(key: &str, checkpoint: &Value, signature: &str) -> bool {
    crate::seal::verified(key, CHECKPOINT, &canonical(checkpoint), signature)
}

/// Whether this public key signed this end.
pub(super) fn end_holds(key: &str, end: &Value, signature: &str) -> bool {
    crate::seal::verified(key, EXPORT, &canonical(end), signature)
}
