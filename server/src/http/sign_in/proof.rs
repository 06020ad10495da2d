//! How the portal proves itself to the provider: by a secret, by the key of a certificate, or by a token that another
//! issuer gave it, so that no secret is kept at all.

use super::ProviderError;
use crate::clock::Clock;
use crate::config::SignIn;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// As the token request names what `client_assertion` is.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds for which a signed assertion counts.
const COUNTS: i64 = 300;

/// One of the three ways that the configuration knows.
pub(super) enum Proof {
    Secret(SecretString),
    /// PEM: a certificate that the provider knows, and its RSA key.
    Certificate(PathBuf),
    /// A token that somebody else renews, as Kubernetes projects it into a pod.
    Federated(PathBuf),
}

/// To whom the portal proves itself, and how an assertion may be signed there.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) address: String,
    pub(super) algorithm: Algorithm,
}

impl Proof {
    /// Of the configuration; a certificate that cannot be used is told at once.
    pub(super) fn of(settings: &SignIn) -> Result<Proof, ProviderError> {
        match (settings.secret(), &settings.client_certificate, &settings.client_assertion_file) {
            (Some(secret), None, None) => Ok(Proof::Secret(secret.clone())),
            (None, Some(file), None) => {
                let pem = std::fs::read_to_string(file).map_err(|error| unread(file, &error))?;
                Signer::of(&pem, file)?;
                Ok(Proof::Certificate(file.clone()))
            }
            (None, None, Some(file)) => Ok(Proof::Federated(file.clone())),
            _ => Err(ProviderError::Proof(
                "set exactly one of sign_in.client_secret, .client_certificate, .client_assertion_file".to_owned(),
            )),
        }
    }

    /// What the HTTP library shows, where that is all.
    pub(super) fn secret(&self) -> Option<&SecretString> {
        match self {
            Proof::Secret(secret) => Some(secret),
            Proof::Certificate(_) | Proof::Federated(_) => None,
        }
    }

    /// What the token request carries instead of a secret. Files are read anew each time: a renewed certificate and a
    /// projected token count at once.
    pub(super) async fn assertion(
        &self,
        client: &str,
        to: &Endpoint,
        clock: &Clock,
    ) -> Result<Option<SecretString>, ProviderError> {
        match self {
            Proof::Secret(_) => Ok(None),
            Proof::Certificate(file) => {
                let pem = tokio::fs::read_to_string(file).await.map_err(|error| unread(file, &error))?;
                Signer::of(&pem, file)?.sign(client, to, clock).map(Some)
            }
            Proof::Federated(file) => {
                let token = tokio::fs::read_to_string(file).await.map_err(|error| unread(file, &error))?;
                match token.trim() {
                    "" => Err(ProviderError::Proof(format!("{} is empty", file.display()))),
                    token => Ok(Some(SecretString::from(token))),
                }
            }
        }
    }
}

fn unread(file: &Path, error: &std::io::Error) -> ProviderError {
    ProviderError::Proof(format!("reading {}: {error}", file.display()))
}

/// A key with the fingerprint of its certificate.
struct Signer {
    key: EncodingKey,
    /// SHA-256 of the certificate, as `x5t#S256` and `kid` carry it.
    thumbprint: String,
}

impl Signer {
    fn of(pem: &str, file: &Path) -> Result<Signer, ProviderError> {
        let wrong = |what: &str| ProviderError::Proof(format!("{}: {what}", file.display()));
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| wrong("there is no certificate (PEM) in it; the provider has to know one"))?;
        let key = key_of(pem).ok_or_else(|| wrong("there is no unencrypted private key (PEM) in it"))?;
        let key = EncodingKey::from_rsa_pem(key.as_bytes()).map_err(|_| wrong("its key is no RSA key"))?;
        Ok(Signer { key, thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)) })
    }

    fn sign(&self, client: &str, to: &Endpoint, clock: &Clock) -> Result<SecretString, ProviderError> {
        let header = Header {
            kid: Some(self.thumbprint.clone()),
            x5t_s256: Some(self.thumbprint.clone()),
            ..Header::new(to.algorithm)
        };
        let now = clock.now().0 / 1000;
        let claims = json!({
            "iss": client, "sub": client, "aud": to.address, "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now, "nbf": now, "exp": now + COUNTS,
        });
        let signed = jsonwebtoken::encode(&header, &claims, &self.key);
        signed.map(SecretString::from).map_err(|error| ProviderError::Proof(format!("signing an assertion: {error}")))
    }
}

/// The block of the private key alone.
fn key_of(pem: &str) -> Option<&str> {
    ["PRIVATE KEY", "RSA PRIVATE KEY"].into_iter().find_map(|kind| {
        let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
        let from = pem.find(&begin)?;
        let to = pem.get(from..)?.find(&end)? + end.len();
        pem.get(from..)?.get(..to)
    })
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Proof::Secret(_) => "Proof::Secret",
            Proof::Certificate(_) => "Proof::Certificate",
            Proof::Federated(_) => "Proof::Federated",
        })
    }
}
