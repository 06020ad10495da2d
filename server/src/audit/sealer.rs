//! Chains what has been committed, a batch at a time, and signs where it stands: one per installation.
//!
//! A chain inside each transaction would make every write wait for every other. So an entry is committed without a
//! place, and gets one here; the chain's order is the order in which the sealer found entries. An entry whose
//! transaction ends late comes later in the chain than its time says, and is in it all the same.

use super::CHECKPOINT;
use crate::seal::Seal;
use crate::store::audit::chain::{self, Signed};
use crate::store::{Error, Store, agreed, timer};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use domain::audit::chain::{Checkpoint, GENESIS, Link, canonical};

/// Entries of one transaction: others wait for it on SQLite.
const BATCH: i64 = 200;
/// How often the timer looks for entries, in milliseconds; an export does not wait for it.
const EVERY: i64 = 15_000;

/// Kind of its timer; there is one, without a subject.
const AUDIT: &str = "audit";

#[derive(Clone)]
pub struct Sealer {
    store: Store,
    seal: Seal,
}

impl Sealer {
    pub fn new(store: Store, seal: Seal) -> Sealer {
        Sealer { store, seal }
    }

    /// The public key that signs now, in base64.
    pub fn public_key(&self) -> String {
        self.seal.signing().public()
    }

    /// Seals everything that is committed by now; answers how many entries that was. Of several at the same time each
    /// does some: whoever is second at a number writes nothing and goes on behind the first.
    pub async fn seal_all(&self, now: Moment) -> Result<i64, Error> {
        let mut sealed = 0;
        while chain::any_unsealed(&self.store).await? {
            match self.seal_batch(now).await {
                Ok(0) => break,
                Ok(count) => sealed += count,
                Err(Error::Behind) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(sealed)
    }

    async fn seal_batch(&self, now: Moment) -> Result<i64, Error> {
        agreed::follow(&self.store, &self.seal).await?;
        let key = self.seal.signing();
        let mut tx = self.store.begin().await?;
        let before = chain::newest_in(&mut tx).await?.map(|signed| signed.checkpoint);
        let entries = chain::unsealed(&mut tx, BATCH).await?;
        let (mut seq, mut hash) =
            before.as_ref().map_or((0, GENESIS.to_owned()), |before| (before.seq, before.hash.clone()));
        let mut links = Vec::with_capacity(entries.len());
        for entry in &entries {
            let link = Link::next(seq, &hash, &entry.document());
            (seq, hash) = (link.seq, link.hash.clone());
            links.push(link);
        }
        let count = i64::try_from(links.len()).unwrap_or(i64::MAX);
        if count == 0 {
            return Ok(0);
        }
        let number = before.map_or(0, |before| before.number) + 1;
        let checkpoint = Checkpoint { number, seq, hash, count, at: now };
        let signature = key.sign(CHECKPOINT, &canonical(&checkpoint.document()));
        let signed = Signed { checkpoint, public_key: key.public(), signature };
        let places: Vec<(&str, &Link)> = entries.iter().map(|entry| entry.id.as_str()).zip(&links).collect();
        chain::seal(&mut tx, &signed, &places).await?;
        tx.commit().await?;
        Ok(count)
    }
}

/// Sets the timer, where no server has yet.
pub async fn begin(store: &Store, now: Moment) -> Result<(), Error> {
    timer::set_once(store, AUDIT, "", now).await
}

/// Seals now and then, at one server at a time.
pub struct AuditSeal {
    pub sealer: Sealer,
}

#[async_trait]
impl Timer for AuditSeal {
    fn kind(&self) -> &'static str {
        AUDIT
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let sealed = self.sealer.seal_all(now).await;
        sealed.map(|_| Next::Again(now.plus(EVERY))).map_err(|error| error.to_string())
    }
}
