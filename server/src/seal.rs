//! Seals a secret for the database: authenticated encryption, bound to the request that it belongs to.
//!
//! ChaCha20-Poly1305 with a random nonce; the request's id is authenticated beside it, so that a ciphertext moved to
//! another request does not open. A key is 32 bytes in base64; its id, the first eight hexadecimal digits of its hash,
//! is kept with what it sealed, so that a changed key is said and not guessed.

mod signing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use domain::id::RequestId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const NONCE: usize = 12;

pub use signing::{Signing, verified};

/// Ciphertext with the id of the key that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub key_id: String,
    /// Nonce and ciphertext, in base64.
    pub body: String,
}

/// The key, in memory for as long as the server runs.
#[derive(Clone)]
pub struct Seal {
    cipher: ChaCha20Poly1305,
    signing: Signing,
    id: String,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the sealing key in {0} could not be read or made: {1}")]
    File(String, String),
    #[error("the sealing key is not 32 bytes in base64")]
    NotAKey,
    #[error("a sealed secret was sealed with key {sealed}, this server has key {have}")]
    OtherKey { sealed: String, have: String },
    #[error("a sealed secret does not open: it was changed, or belongs to another request")]
    Broken,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Seal {
    /// From the configuration.
    pub fn of_text(key: &SecretString) -> Result<Seal, Error> {
        let bytes = Zeroizing::new(STANDARD.decode(key.expose_secret().trim()).map_err(|_| Error::NotAKey)?);
        let cipher = ChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| Error::NotAKey)?;
        let signing = Signing::derived(&bytes).ok_or(Error::NotAKey)?;
        let id = hex::encode(&Sha256::digest(&*bytes)[..4]);
        Ok(Seal { cipher, signing, id })
    }

    /// From its file, which is made with a new key and mode 0600 where it is missing. Of several servers that start at
    /// the same time one makes it, whole, and all read it.
    pub fn of_file(path: &Path) -> Result<Seal, Error> {
        let failed = |error: std::io::Error| Error::File(path.display().to_string(), error.to_string());
        if !path.exists() {
            make(path).map_err(failed)?;
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Seal::of_text(&SecretString::from(text))
    }

    /// First eight hexadecimal digits of the key's hash.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key that follows from this one and signs.
    pub fn signing(&self) -> &Signing {
        &self.signing
    }

    pub fn seal(&self, request: &RequestId, secret: &SecretString) -> Result<Sealed, Error> {
        let nonce = ChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: request.as_str().as_bytes() };
        let ciphertext = self.cipher.encrypt(&nonce, payload).map_err(|_| Error::Broken)?;
        let body = STANDARD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(Sealed { key_id: self.id.clone(), body })
    }

    pub fn open(&self, request: &RequestId, sealed: &Sealed) -> Result<SecretString, Error> {
        if sealed.key_id != self.id {
            return Err(Error::OtherKey { sealed: sealed.key_id.clone(), have: self.id.clone() });
        }
        let bytes = STANDARD.decode(&sealed.body).map_err(|_| Error::Broken)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE).ok_or(Error::Broken)?;
        let payload = Payload { msg: ciphertext, aad: request.as_str().as_bytes() };
        let plain = self.cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| Error::Broken)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| Error::Broken)
    }
}

/// Writes a new key beside its place, then puts it there unless another one is there by now.
fn make(path: &Path) -> std::io::Result<()> {
    let text = Zeroizing::new(STANDARD.encode(ChaCha20Poly1305::generate_key(&mut OsRng)));
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::now_v7()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    let put = match std::fs::hard_link(&beside, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        put => put,
    };
    std::fs::remove_file(&beside)?;
    put
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_was_sealed_opens_for_its_own_request_and_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::of_file(&folder.path().join("a")).unwrap();
        let (request, other) = (RequestId::new("r-1"), RequestId::new("r-2"));
        let sealed = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        assert!(!sealed.body.contains("correct") && !format!("{seal:?} {sealed:?}").contains("horse"));
        assert_eq!(seal.open(&request, &sealed).unwrap().expose_secret(), "correct horse");
        assert!(matches!(seal.open(&other, &sealed), Err(Error::Broken)));
        let stranger = Seal::of_file(&folder.path().join("b")).unwrap();
        assert!(matches!(stranger.open(&request, &sealed), Err(Error::OtherKey { .. })));
        let again = seal.seal(&request, &SecretString::from("correct horse")).unwrap();
        assert_ne!(again.body, sealed.body, "never the same nonce twice");
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let all: Vec<_> =
            (0..8).map(|_| path.clone()).map(|path| std::thread::spawn(move || Seal::of_file(&path))).collect();
        let ids: Vec<String> = all.into_iter().map(|one| one.join().unwrap().unwrap().id).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let first = Seal::of_file(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Seal::of_file(&path).unwrap().id, first.id);
        assert!(matches!(Seal::of_text(&SecretString::from("c2hvcnQ=")), Err(Error::NotAKey)));
    }
}
