//! Signs with Ed25519 under a key that follows from the sealing key, so that there is one key to look after.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::sync::Arc;
use zeroize::Zeroizing;

/// In memory for as long as the server runs; cheap to clone.
#[derive(Clone)]
pub struct Signing(Arc<Ed25519KeyPair>);

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signing").field(&self.public()).finish()
    }
}

impl Signing {
    /// HKDF over the sealing key: from the one nobody gets to the other.
    pub(super) fn derived(seal: &[u8]) -> Option<Signing> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        let extracted = Salt::new(HKDF_SHA256, b"keystead").extract(seal);
        extracted.expand(&[b"signing key 1"], HKDF_SHA256).ok()?.fill(&mut *seed).ok()?;
        Ed25519KeyPair::from_seed_unchecked(&*seed).ok().map(|pair| Signing(Arc::new(pair)))
    }

    /// In base64, to be shown to everybody.
    pub fn public(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// In base64; `purpose` keeps what is signed for one thing from being taken for another.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        STANDARD.encode(self.0.sign(&message(purpose, text)))
    }
}

/// Whether whoever has the private half of this public key signed this text for this purpose.
pub fn verified(public: &str, purpose: &str, text: &str, signature: &str) -> bool {
    let (Ok(public), Ok(signature)) = (STANDARD.decode(public), STANDARD.decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, public).verify(&message(purpose, text), &signature).is_ok()
}

fn message(purpose: &str, text: &str) -> Vec<u8> {
    format!("{purpose}\n{text}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_key_one_purpose_and_one_text() {
        let [one, other] = [[1_u8; 32], [2; 32]].map(|key| Signing::derived(&key).expect("a key"));
        let signature = one.sign("record", "text");
        assert!(verified(&one.public(), "record", "text", &signature));
        assert_eq!(Signing::derived(&[1; 32]).expect("a key").public(), one.public());
        for (public, purpose, text) in [
            (other.public(), "record", "text"),
            (one.public(), "export", "text"),
            (one.public(), "record", "texts"),
            ("no key".to_owned(), "record", "text"),
        ] {
            assert!(!verified(&public, purpose, text, &signature), "{public} {purpose} {text}");
        }
        assert!(!format!("{one:?}").contains("seed"));
    }
}
