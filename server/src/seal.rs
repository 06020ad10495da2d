//! Seals a secret for the database: authenticated encryption, bound to the request that it belongs to.
//!
//! ChaCha20-Poly1305 with a random nonce; the request's id is authenticated beside it, so that a ciphertext moved to
//! another request does not open. A key is 32 bytes in base64; its id, the first eight hexadecimal digits of its hash,
//! is kept with what it sealed. There may be several keys, the oldest first: one of them seals, the one that the database
//! says, and each opens what it has sealed. So a key is changed while servers run.

mod key;
mod signing;
mod source;
mod vault;

use domain::id::RequestId;
use key::Key;
use secrecy::SecretString;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

pub use key::new_text;
pub use signing::{Signing, verified};
pub use source::Source;
pub use vault::InVault;

/// Ciphertext with the id of the key that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    /// Nonce and ciphertext, in base64.
    pub body: String,
}

/// The keys, in memory for as long as the server runs. Cheap to clone; what one clone learns, all know.
#[derive(Clone)]
pub struct Seal(Arc<Shared>);

struct Shared {
    source: Source,
    ring: RwLock<Ring>,
}

/// Never empty.
#[derive(Clone)]
struct Ring {
    /// Oldest first.
    keys: Vec<Key>,
    /// The one that seals.
    sealing: Key,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the sealing key in {0} could not be read or made: {1}")]
    File(String, String),
    #[error("a sealing key is 32 bytes in base64, and what was given holds something else")]
    NotAKey,
    #[error(
        "a sealed secret was sealed with key {sealed}, this server has {have}: give every server the same keys, and \
         start this one again"
    )]
    OtherKey { sealed: String, have: String },
    #[error("the sealing key that is wrapped with {0}: {1}")]
    Vault(String, azure::Error),
    #[error("{0} is there already: it is left as it is")]
    Standing(String),
    #[error("{0} does not hold sealing keys that a vault has wrapped, one a line")]
    NotWrapped(String),
    #[error("a sealed secret does not open: it was changed, or belongs to another request")]
    Broken,
    #[error(
        "{0} cannot be written from here: add a key of `keystead key new` at its end for every server, start them \
         again, and call this again"
    )]
    NotOurs(String),
    #[error(
        "no key could be added to {0}: {1}; where this command may not write it, add a key of `keystead key new` as \
         its last line for every server, and call this again"
    )]
    Append(String, String),
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("id", &self.id()).field("ids", &self.ids()).finish_non_exhaustive()
    }
}

impl Seal {
    /// From where the configuration says; the newest key seals until [`Seal::turn_to`] says otherwise.
    pub async fn of(source: Source) -> Result<Seal, Error> {
        let text = source.read().await?;
        Seal::made(source, &text)
    }

    fn made(source: Source, text: &SecretString) -> Result<Seal, Error> {
        let keys = keys(text)?;
        let sealing = keys.last().cloned().ok_or(Error::NotAKey)?;
        Ok(Seal(Arc::new(Shared { source, ring: RwLock::new(Ring { keys, sealing }) })))
    }

    pub fn of_text(text: &SecretString) -> Result<Seal, Error> {
        Seal::made(Source::Text(text.clone()), text)
    }

    pub fn of_file(path: &Path) -> Result<Seal, Error> {
        Seal::made(Source::File(path.to_owned()), &source::of_file(path)?)
    }

    /// Id of the key that seals.
    pub fn id(&self) -> String {
        self.read(|ring| ring.sealing.id.clone())
    }

    /// Ids of all keys, the oldest first.
    pub fn ids(&self) -> Vec<String> {
        self.read(|ring| ring.keys.iter().map(|key| key.id.clone()).collect())
    }

    /// Where the keys are kept.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The key that follows from the one that seals, and signs.
    pub fn signing(&self) -> Signing {
        self.read(|ring| ring.sealing.signing.clone())
    }

    /// The public halves of all signing keys, in base64, the oldest first.
    pub fn public_keys(&self) -> Vec<String> {
        self.read(|ring| ring.keys.iter().map(|key| key.signing.public()).collect())
    }

    /// Seals with this key from now on; whether it is there. One that is not known may have come since the start.
    pub async fn turn_to(&self, id: &str) -> bool {
        if self.id() == id {
            return true;
        }
        let Some(key) = self.find(id).await else { return false };
        self.0.ring.write().unwrap_or_else(PoisonError::into_inner).sealing = key;
        true
    }

    /// Makes a new key where the keys are kept; its id. It does not seal yet.
    pub async fn grow(&self) -> Result<String, Error> {
        self.0.source.grow().await?;
        self.learn().await;
        self.ids().pop().ok_or(Error::NotAKey)
    }

    pub fn seal(&self, request: &RequestId, secret: &SecretString) -> Result<Sealed, Error> {
        self.read(|ring| ring.sealing.clone()).seal(request, secret)
    }

    pub async fn open(&self, request: &RequestId, sealed: &Sealed) -> Result<SecretString, Error> {
        let have = || match self.ids().as_slice() {
            [one] => format!("key {one}"),
            ids => format!("keys {}", ids.join(", ")),
        };
        let other = || Error::OtherKey { sealed: sealed.key_id.clone(), have: have() };
        self.find(&sealed.key_id).await.ok_or_else(other)?.open(request, sealed)
    }

    async fn find(&self, id: &str) -> Option<Key> {
        let known = || self.read(|ring| ring.keys.iter().find(|key| key.id == id).cloned());
        if known().is_none() {
            self.learn().await;
        }
        known()
    }

    /// Takes in keys that were added since; none is ever forgotten while the server runs.
    async fn learn(&self) {
        let there = self.0.source.read_again().await.and_then(|text| keys(&text)).unwrap_or_else(|error| {
            tracing::warn!(%error, "no other sealing keys were found");
            Vec::new()
        });
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        for key in there {
            if ring.keys.iter().all(|known| known.id != key.id) {
                ring.keys.push(key);
            }
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Each once.
fn keys(text: &SecretString) -> Result<Vec<Key>, Error> {
    let mut found: Vec<Key> = Vec::new();
    for word in source::words(text) {
        let key = Key::of_text(word)?;
        if found.iter().all(|known| known.id != key.id) {
            found.push(key);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn what_was_sealed_opens_for_its_own_request_and_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::of_file(&folder.path().join("a")).unwrap();
        let (request, other) = (RequestId::new("r-1"), RequestId::new("r-2"));
        let sealed = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        assert!(!sealed.body.contains("correct") && !format!("{seal:?} {sealed:?}").contains("horse"));
        assert_eq!(seal.open(&request, &sealed).await.unwrap().expose_secret(), "correct horse");
        assert!(matches!(seal.open(&other, &sealed).await, Err(Error::Broken)));
        let stranger = Seal::of_file(&folder.path().join("b")).unwrap();
        assert!(matches!(stranger.open(&request, &sealed).await, Err(Error::OtherKey { .. })));
        let again = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        assert_ne!(again.body, sealed.body, "never the same nonce twice");
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let all: Vec<_> =
            (0..8).map(|_| path.clone()).map(|path| std::thread::spawn(move || Seal::of_file(&path))).collect();
        let ids: Vec<String> = all.into_iter().map(|one| one.join().unwrap().unwrap().id()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let first = Seal::of_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Seal::of_file(&path).unwrap().id(), first.id());
        assert!(matches!(Seal::of_text(&SecretString::from("c2hvcnQ=")), Err(Error::NotAKey)));
    }

    #[tokio::test]
    async fn a_key_that_is_added_seals_when_it_is_told_to_and_the_older_one_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let (seal, request) = (Seal::of_file(&path).unwrap(), RequestId::new("r-1"));
        let (first, replica) = (seal.id(), Seal::of_file(&path).unwrap());
        let old = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        let second = seal.grow().await.unwrap();
        assert_eq!((seal.id(), seal.ids()), (first.clone(), vec![first.clone(), second.clone()]));
        assert!(seal.turn_to(&second).await && !seal.turn_to("0badcafe").await);
        let new = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        assert_eq!((old.key_id.as_str(), new.key_id.as_str()), (first.as_str(), second.as_str()));
        // Another server that has run since before, and one that starts now.
        assert_eq!(replica.id(), first);
        for server in [&replica, &Seal::of_file(&path).unwrap()] {
            for sealed in [&old, &new] {
                assert_eq!(server.open(&request, sealed).await.unwrap().expose_secret(), "correct horse");
            }
        }
        assert_eq!(replica.public_keys(), seal.public_keys());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn keys_of_a_text_are_read_in_order_and_none_can_be_added() {
        let texts = [new_text(), new_text()];
        let text = SecretString::from(format!(" {}  {},{} ", *texts[0], *texts[1], *texts[0]));
        let seal = Seal::of_text(&text).unwrap();
        assert_eq!((seal.ids().len(), seal.id()), (2, seal.ids()[1].clone()));
        assert!(matches!(seal.grow().await, Err(Error::NotOurs(_))));
        assert!(matches!(Seal::of_text(&SecretString::from("  ")), Err(Error::NotAKey)));
        for text in &texts {
            assert!(!format!("{seal:?} {:?} {}", seal.source(), seal.source()).contains(text.as_str()));
        }
    }
}
