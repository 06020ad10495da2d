//! Checks an assertion that an application has signed with the key of a certificate of its own.
//! Claims and header: Microsoft's description of certificate credentials.
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, KeyUsage};

use super::refusal::EntraRefusal;
use crate::clock::unix;
use crate::directory::Principal;
use crate::tokens;
use crate::world::World;

const REVIEW: &str = "Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials.";

/// Whether an assertion says with which certificate it was signed; a federated one names a key of its issuer.
pub(super) fn signed_with_one(assertion: &str) -> bool {
    header(assertion).is_some_and(|header| thumbprint(&header).is_some())
}

/// Refuses unless the assertion is signed with a certificate that is registered on the application. `own` is an issuer
/// for whose token endpoint it may be made, besides Entra's.
pub(super) fn check(
    world: &World,
    application: &Principal,
    assertion: &str,
    own: Option<&str>,
) -> Result<(), EntraRefusal> {
    let malformed = || EntraRefusal::client(50_027, "JWT token is invalid or malformed.");
    let header = header(assertion).ok_or_else(malformed)?;
    let claims = tokens::unverified(assertion).ok_or_else(malformed)?;
    let client = application.app_id.map(|id| id.to_string()).unwrap_or_default();
    if [&claims["iss"], &claims["sub"]].iter().any(|named| named.as_str() != Some(client.as_str())) {
        return Err(EntraRefusal::client(
            700_021,
            format!("Client assertion application identifier doesn't match 'client_id' parameter. {REVIEW}"),
        ));
    }
    let named = thumbprint(&header).ok_or_else(malformed)?;
    let registered = application.certificates.iter().filter_map(|certificate| STANDARD.decode(certificate).ok());
    let refused = |what: &str, reason: &str| {
        EntraRefusal::client(
            700_027,
            format!(
                "The certificate with identifier used to sign the client assertion is {what} on application. [Reason - {reason}, Thumbprint of key used by client: '{}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client}'.]",
                hex::encode_upper(&named)
            ),
        )
    };
    let Some(certificate) = registered.into_iter().find(|it| has_thumbprint(it, &named)) else {
        return Err(refused("not registered", "The key was not found."));
    };
    if !is_signed(&header, assertion, &certificate) {
        return Err(refused("not registered", "The key was found, but the signature does not match"));
    }
    match validity(world, &certificate) {
        Validity::Now => {}
        Validity::Past => return Err(refused("expired", "The key used is expired.")),
        Validity::Future => return Err(refused("not yet valid", "The key used is not yet valid.")),
    }
    check_claims(world, &claims, own)
}

/// When a certificate counts, seen from now.
enum Validity {
    Past,
    Now,
    Future,
}

/// Compares the dates of a certificate with the clock. It may be signed by anybody: nothing else of it is looked at.
fn validity(world: &World, certificate: &[u8]) -> Validity {
    let certificate = CertificateDer::from(certificate);
    let Ok(certificate) = EndEntityCert::try_from(&certificate) else { return Validity::Past };
    let since = u64::try_from(unix(world.clock.now())).unwrap_or(0);
    let now = UnixTime::since_unix_epoch(Duration::from_secs(since));
    // The dates come before the search for an authority, which finds none.
    match certificate.verify_for_usage(&[], &[], &[], now, KeyUsage::client_auth(), None, None) {
        Err(webpki::Error::CertExpired { .. }) => Validity::Past,
        Err(webpki::Error::CertNotValidYet { .. }) => Validity::Future,
        _ => Validity::Now,
    }
}

fn check_claims(world: &World, claims: &Value, own: Option<&str>) -> Result<(), EntraRefusal> {
    let audience = claims["aud"].as_str().unwrap_or_default().trim_end_matches('/').to_ascii_lowercase();
    let host = "https://login.microsoftonline.com/";
    let path = audience.strip_prefix(host).and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    let at_own = own.is_some_and(|own| audience == own || audience == format!("{own}/token"));
    if !at_own && !matches!(path, Some("v2.0" | "oauth2/v2.0/token" | "oauth2/token")) {
        return Err(EntraRefusal::client(
            700_023,
            format!("Client assertion audience claim does not match Realm issuer. {REVIEW}"),
        ));
    }
    // Clients send whole and broken seconds.
    let now = world.clock.now().as_duration().as_secs_f64();
    let begun = claims["nbf"].as_f64().is_none_or(|from| from <= now + 300.0);
    if begun && claims["exp"].as_f64().is_some_and(|end| end > now) {
        return Ok(());
    }
    Err(EntraRefusal::client(700_024, format!("Client assertion is not within its valid time range. {REVIEW}")))
}

fn header(assertion: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(assertion.split('.').next()?).ok()?).ok()
}

/// SHA-256 where the client gives it, else SHA-1.
fn thumbprint(header: &Value) -> Option<Vec<u8>> {
    let text = header["x5t#S256"].as_str().or_else(|| header["x5t"].as_str())?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn has_thumbprint(certificate: &[u8], wanted: &[u8]) -> bool {
    Sha256::digest(certificate).as_slice() == wanted || Sha1::digest(certificate).as_slice() == wanted
}

fn is_signed(header: &Value, assertion: &str, certificate: &[u8]) -> bool {
    let algorithm: &dyn SignatureVerificationAlgorithm = match header["alg"].as_str() {
        Some("RS256") => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
        Some("PS256") => webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        _ => return false,
    };
    let Some((signed, signature)) = assertion.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let certificate = CertificateDer::from(certificate);
    EndEntityCert::try_from(&certificate)
        .is_ok_and(|certificate| certificate.verify_signature(algorithm, signed.as_bytes(), &signature).is_ok())
}

/// The certificates of a PEM text as they are kept; nothing where one of them is none.
pub(crate) fn kept(pem: &str) -> Option<Vec<String>> {
    use rustls::pki_types::pem::PemObject;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.ok()?;
    let readable = |one: &CertificateDer<'static>| EndEntityCert::try_from(one).is_ok();
    found.iter().all(readable).then(|| found.iter().map(|one| STANDARD.encode(one)).collect())
}
