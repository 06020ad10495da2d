//! Signs and verifies every token of the world with its one RSA key, published by each issuer under a key id of its own.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock::unix;

/// The world's signing key.
pub struct Tokens {
    pem: String,
    /// Of `ring`: with `rsa`, signing took a fifteenth of the simulator's time while many clusters were made.
    signing: RsaKeyPair,
    verifying: DecodingKey,
    modulus: String,
    exponent: String,
    /// Tokens whose signature was found to be ours, by their digest: clients show each for an hour.
    signed: Mutex<HashMap<[u8; 32], Arc<Signed>>>,
}

/// What a token with a good signature says.
struct Signed {
    key_id: Option<String>,
    claims: Value,
}

/// So many tokens are remembered; then all are forgotten.
const REMEMBERED: usize = 10_000;

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token, or not signed with the key that its issuer publishes.
    #[error("the token is not one that its issuer has signed")]
    NotSigned,
    /// From another issuer.
    #[error("the token comes from another issuer")]
    Issuer,
    /// Its life is over.
    #[error("the token has expired")]
    Expired,
    /// Its life has not begun.
    #[error("the token is not valid yet")]
    NotYet,
}

/// The key could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("{doing} the signing key failed: {why}")]
pub struct KeyError {
    doing: &'static str,
    why: String,
}

fn while_doing<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> KeyError {
    move |error| KeyError { doing, why: error.to_string() }
}

impl Tokens {
    /// Makes a key of 2048 bits; this takes a noticeable part of a second.
    pub fn make_key() -> Result<String, KeyError> {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).map_err(while_doing("making"))?;
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(while_doing("writing"))?;
        Ok(pem.to_string())
    }

    /// Reads a key from PKCS#8 PEM.
    pub fn open(pem: &str) -> Result<Self, KeyError> {
        let key = rsa::RsaPrivateKey::from_pkcs8_pem(pem).map_err(while_doing("reading"))?;
        let der = key.to_pkcs8_der().map_err(while_doing("reading"))?;
        let signing = RsaKeyPair::from_pkcs8(der.as_bytes()).map_err(while_doing("reading"))?;
        let modulus = URL_SAFE_NO_PAD.encode(key.n().to_bytes_be());
        let exponent = URL_SAFE_NO_PAD.encode(key.e().to_bytes_be());
        let verifying = DecodingKey::from_rsa_components(&modulus, &exponent).map_err(while_doing("reading"))?;
        Ok(Self { pem: pem.to_owned(), signing, verifying, modulus, exponent, signed: Mutex::default() })
    }

    /// The key as PKCS#8 PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key id under which `issuer` publishes the key.
    pub fn key_id(&self, issuer: &str) -> String {
        let digest = Sha256::new().chain_update(&self.modulus).chain_update(issuer).finalize();
        URL_SAFE_NO_PAD.encode(&digest[..20])
    }

    /// The key set that `issuer` publishes (RFC 7517).
    pub fn key_set(&self, issuer: &str) -> Value {
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256",
            "kid": self.key_id(issuer), "x5t": self.key_id(issuer),
            "n": self.modulus, "e": self.exponent, "issuer": issuer,
        }]})
    }

    /// Signs `claims` (RS256), whose `iss` is to be `issuer`.
    pub fn sign(&self, issuer: &str, claims: &Value) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.key_id(issuer));
        let part =
            |part: serde_json::Result<Vec<u8>>| Ok(URL_SAFE_NO_PAD.encode(part.map_err(while_doing("signing with"))?));
        let said = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(claims))?);
        let mut signature = vec![0; self.signing.public().modulus_len()];
        self.signing
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), said.as_bytes(), &mut signature)
            .map_err(while_doing("signing with"))?;
        Ok(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that `issuer` has signed and that is alive at `now`. The audience is the caller's to check.
    pub fn verify(&self, issuer: &str, token: &str, now: Timestamp) -> Result<Value, TokenError> {
        let token = self.signed(token)?;
        if token.claims["iss"].as_str() != Some(issuer) {
            return Err(TokenError::Issuer);
        }
        if token.key_id.as_deref() != Some(self.key_id(issuer).as_str()) {
            return Err(TokenError::NotSigned);
        }
        let now = unix(now);
        match token.claims["exp"].as_i64() {
            Some(expiry) if expiry > now => {}
            _ => return Err(TokenError::Expired),
        }
        // Five minutes of slack, as Azure allows for clocks that differ.
        if token.claims["nbf"].as_i64().is_some_and(|start| start > now + 300) {
            return Err(TokenError::NotYet);
        }
        Ok(token.claims.clone())
    }

    fn signed(&self, token: &str) -> Result<Arc<Signed>, TokenError> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        let known = || self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = known().get(&digest) {
            return Ok(Arc::clone(signed));
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Value>(token, &self.verifying, &validation);
        let decoded = decoded.map_err(|_| TokenError::NotSigned)?;
        let signed = Arc::new(Signed { key_id: decoded.header.kid, claims: decoded.claims });
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(digest, Arc::clone(&signed));
        Ok(signed)
    }
}

/// The claims of a token, read without verifying anything: only to say in an error what the caller sent.
pub fn unverified(token: &str) -> Option<Value> {
    let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&body).ok()
}
