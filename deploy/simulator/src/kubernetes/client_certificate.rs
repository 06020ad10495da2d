//! Takes the certificate that a client shows to an API server, and tells whom it names.
//!
//! Every certificate is let in whose key the client has; whether the cluster's authority has signed it is asked for each
//! request, so that another's is answered 401 and not by a broken handshake, as Kubernetes does it.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::parse_x509_certificate;

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(rustls::crypto::ring::default_provider);

/// Asks clients for a certificate of this authority, and is content without any.
#[derive(Debug)]
pub struct Asking {
    authorities: Vec<DistinguishedName>,
}

impl Asking {
    /// For the API server whose authority this is.
    pub fn of(authority: &CertificateDer<'_>) -> Arc<Self> {
        let name = parse_x509_certificate(authority).map(|(_, it)| it.subject().as_raw().to_vec());
        Arc::new(Self { authorities: name.into_iter().map(DistinguishedName::from).collect() })
    }
}

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.authorities
    }

    fn verify_client_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// Whom a certificate names: its common name, and its organizations as groups. Nothing where the authority has not signed
/// it for clients, or its dates have not come or are over.
pub fn named(
    authority: &CertificateDer<'_>,
    certificate: &CertificateDer<'_>,
    now: Timestamp,
) -> Option<(String, Vec<String>)> {
    let anchor = anchor_from_trusted_cert(authority).ok()?;
    let seconds = u64::try_from(now.as_second()).ok()?;
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let algorithms = PROVIDER.signature_verification_algorithms.all;
    let shown = EndEntityCert::try_from(certificate).ok()?;
    shown.verify_for_usage(algorithms, &[anchor], &[], now, KeyUsage::client_auth(), None, None).ok()?;
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let subject = parsed.subject();
    let name = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups = subject.iter_organization().filter_map(|it| it.as_str().ok().map(str::to_owned)).collect();
    Some((name, groups))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::authority::Authority;
    use rustls::pki_types::pem::PemObject;

    #[test]
    fn only_the_clusters_own_authority_says_who_somebody_is() {
        let (ours, theirs) = (Authority::make("ours").unwrap(), Authority::make("theirs").unwrap());
        let (certificate, _) = ours.client("masterclient", "system:masters").unwrap();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let expected = ("masterclient".to_owned(), vec!["system:masters".to_owned()]);
        assert_eq!(named(ours.der(), &certificate, now), Some(expected));
        assert_eq!(named(theirs.der(), &certificate, now), None);
        assert_eq!(named(ours.der(), &certificate, "2050-06-01T00:00:00Z".parse().unwrap()), None);
        let server = &ours.certificate_for("shop").unwrap().cert[0];
        assert_eq!(named(ours.der(), server, now), None, "a server's certificate names no client");
    }
}
