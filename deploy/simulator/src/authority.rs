//! The private certificate authority: made at first start, kept in the state, signs a certificate for any name on demand.
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};

/// A certificate authority with its private key; the world has one, each cluster another.
pub struct Authority {
    kept: KeptAuthority,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    signed: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

/// What the state keeps of an authority.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptAuthority {
    /// Shown in the certificate's subject.
    pub name: String,
    /// The certificate, PEM.
    pub certificate: String,
    /// The private key, PKCS#8 PEM.
    pub key: String,
}

/// A key or certificate could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed: {why}")]
pub struct AuthorityError {
    doing: &'static str,
    why: String,
}

fn while_doing<E: std::fmt::Display>(doing: &'static str) -> impl FnOnce(E) -> AuthorityError {
    move |error| AuthorityError { doing, why: error.to_string() }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2049, 12, 31);
    params
}

impl Authority {
    /// Makes a new authority of that name.
    pub fn make(name: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(while_doing("making the key of a certificate authority"))?;
        let certificate =
            authority_params(name).self_signed(&key).map_err(while_doing("signing a certificate authority"))?;
        Self::open(KeptAuthority { name: name.to_owned(), certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// Opens an authority that was kept.
    pub fn open(kept: KeptAuthority) -> Result<Self, AuthorityError> {
        use rustls::pki_types::pem::PemObject;
        let key = KeyPair::from_pem(&kept.key).map_err(while_doing("reading the key of a certificate authority"))?;
        let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes())
            .map_err(while_doing("reading a certificate authority"))?;
        let issuer = Issuer::new(authority_params(&kept.name), key);
        Ok(Self { kept, issuer, certificate, signed: Mutex::default() })
    }

    /// What to keep so that [`Authority::open`] finds the same authority again.
    pub fn kept(&self) -> &KeptAuthority {
        &self.kept
    }

    /// The authority's certificate as PEM: what clients have to trust.
    pub fn pem(&self) -> &str {
        &self.kept.certificate
    }

    /// A server certificate for a DNS name or IP address, made on first use and kept in memory.
    pub fn certificate_for(&self, name: &str) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = signed.get(name) {
            return Ok(certificate.clone());
        }
        let certificate = Arc::new(self.sign(name)?);
        signed.insert(name.to_owned(), certificate.clone());
        Ok(certificate)
    }

    /// The authority's own certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A certificate and its key (PEM) with which a client says that it is `name`, of `organization`.
    pub fn client(&self, name: &str, organization: &str) -> Result<(String, String), AuthorityError> {
        let key = KeyPair::generate().map_err(while_doing("making the key of a client certificate"))?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate =
            self.signed(params, ExtendedKeyUsagePurpose::ClientAuth, &key, "signing a client certificate")?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    fn signed(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
        key: &KeyPair,
        doing: &'static str,
    ) -> Result<rcgen::Certificate, AuthorityError> {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2049, 12, 31);
        params.signed_by(key, &self.issuer).map_err(while_doing(doing))
    }

    fn sign(&self, name: &str) -> Result<CertifiedKey, AuthorityError> {
        let doing = "signing a server certificate";
        let key = KeyPair::generate().map_err(while_doing("making the key of a server certificate"))?;
        let mut params = CertificateParams::new([name.to_owned()]).map_err(while_doing(doing))?;
        params.distinguished_name = DistinguishedName::new();
        // A common name holds 64 characters at most; clients read the alternative name.
        params.distinguished_name.push(DnType::CommonName, name.chars().take(64).collect::<String>());
        let certificate = self.signed(params, ExtendedKeyUsagePurpose::ServerAuth, &key, doing)?;
        let private = PrivatePkcs8KeyDer::from(key.serialize_der());
        let private = rustls::crypto::ring::sign::any_supported_type(&private.into()).map_err(while_doing(doing))?;
        Ok(CertifiedKey::new(vec![certificate.der().clone(), self.certificate.clone()], private))
    }

    /// A TLS server that answers every name with a certificate of its own, or with `otherwise` where none is asked for.
    pub fn server(self: &Arc<Self>, otherwise: &str) -> Result<Arc<ServerConfig>, AuthorityError> {
        self.server_for(otherwise, WebPkiClientVerifier::no_client_auth())
    }

    /// The same, where clients may show certificates of their own.
    pub fn server_for(
        self: &Arc<Self>,
        otherwise: &str,
        clients: Arc<dyn ClientCertVerifier>,
    ) -> Result<Arc<ServerConfig>, AuthorityError> {
        let names = Arc::new(ByName { authority: self.clone(), otherwise: otherwise.to_owned() });
        static PROVIDER: LazyLock<Arc<CryptoProvider>> =
            LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
        let mut config = ServerConfig::builder_with_provider(PROVIDER.clone())
            .with_safe_default_protocol_versions()
            .map_err(while_doing("preparing a TLS server"))?
            .with_client_cert_verifier(clients)
            .with_cert_resolver(names);
        // Room for sessions to resume is taken in advance, and there may be a thousand servers.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

struct ByName {
    authority: Arc<Authority>,
    otherwise: String,
}

impl std::fmt::Debug for ByName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ByName").field("otherwise", &self.otherwise).finish_non_exhaustive()
    }
}

impl rustls::server::ResolvesServerCert for ByName {
    fn resolve(&self, hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or(&self.otherwise);
        match self.authority.certificate_for(name) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::error!(name, %error, "no certificate");
                None
            }
        }
    }
}
