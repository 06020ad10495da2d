//! One key: 32 bytes, the cipher that they make, the signing key that follows from them, and the id that names them.

use super::{Error, Sealed, Signing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use domain::id::RequestId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NONCE: usize = 12;

#[derive(Clone)]
pub(super) struct Key {
    cipher: ChaCha20Poly1305,
    pub(super) signing: Signing,
    /// First eight hexadecimal digits of the key's hash.
    pub(super) id: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    /// Of its text: 32 bytes in base64.
    pub(super) fn of_text(text: &str) -> Result<Key, Error> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| Error::NotAKey)?);
        let cipher = ChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| Error::NotAKey)?;
        let signing = Signing::derived(&bytes).ok_or(Error::NotAKey)?;
        let id = hex::encode(&Sha256::digest(&*bytes)[..4]);
        Ok(Key { cipher, signing, id })
    }

    pub(super) fn seal(&self, request: &RequestId, secret: &SecretString) -> Result<Sealed, Error> {
        let nonce = ChaCha20Poly1305::generate_nonce(&mut OsRng);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: request.as_str().as_bytes() };
        let ciphertext = self.cipher.encrypt(&nonce, payload).map_err(|_| Error::Broken)?;
        let body = STANDARD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(Sealed { key_id: self.id.clone(), body })
    }

    pub(super) fn open(&self, request: &RequestId, sealed: &Sealed) -> Result<SecretString, Error> {
        let bytes = STANDARD.decode(&sealed.body).map_err(|_| Error::Broken)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE).ok_or(Error::Broken)?;
        let payload = Payload { msg: ciphertext, aad: request.as_str().as_bytes() };
        let plain = self.cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| Error::Broken)?;
        String::from_utf8(plain).map(SecretString::from).map_err(|_| Error::Broken)
    }
}

/// The text of a key that nobody has yet.
pub fn new_text() -> Zeroizing<String> {
    let bytes = Zeroizing::new(<[u8; 32]>::from(ChaCha20Poly1305::generate_key(&mut OsRng)));
    Zeroizing::new(STANDARD.encode(*bytes))
}
