//! The certificate that the portal shows, read anew when its files change; one that does not fit never replaces one that does.

use crate::config::Tls;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("reading {0}, which tls names: {1}")]
    Read(String, std::io::Error),
    #[error("{0}, which tls.certificate names, holds no certificate as PEM: the server's own first, then its chain")]
    NoCertificate(String),
    #[error("{0}, which tls.key names, holds no private key as PEM")]
    NoKey(String),
    #[error("the key in {1} does not belong to the certificate in {0}: {2}")]
    Apart(String, String, rustls::Error),
    #[error("TLS cannot be served: {0}")]
    Tls(#[from] rustls::Error),
}

/// What is shown now.
pub struct Certificate {
    files: Tls,
    shown: RwLock<Arc<CertifiedKey>>,
    /// Hash of what the files held when they were last looked at.
    seen: Mutex<[u8; 32]>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Certificate {
    pub fn read(files: &Tls) -> Result<Arc<Certificate>, CertificateError> {
        let (certificate, key) = (text(&files.certificate)?, text(&files.key)?);
        let shown = RwLock::new(Arc::new(fitting(files, &certificate, &key)?));
        let seen = Mutex::new(hash(&certificate, &key));
        Ok(Arc::new(Certificate { files: files.clone(), shown, seen }))
    }

    /// Looks whether the files have changed; whether another certificate is shown from now on.
    pub fn look(&self) -> Result<bool, CertificateError> {
        let (certificate, key) = (text(&self.files.certificate)?, text(&self.files.key)?);
        let found = hash(&certificate, &key);
        let before = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), found);
        if before == found {
            return Ok(false);
        }
        let another = Arc::new(fitting(&self.files, &certificate, &key)?);
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = another;
        Ok(true)
    }

    /// Looks now and then, until the server stops.
    pub async fn watch(self: Arc<Certificate>, stop: CancellationToken) {
        let mut now_and_then = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = now_and_then.tick() => {}
            }
            match self.look() {
                Ok(true) => tracing::info!("another certificate is shown from now on"),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "the certificate stays as it was"),
            }
        }
    }

    /// What takes connections: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub fn acceptor(self: &Arc<Certificate>) -> Result<TlsAcceptor, CertificateError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config =
            builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn text(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, CertificateError> {
    let read = std::fs::read(path).map(zeroize::Zeroizing::new);
    read.map_err(|error| CertificateError::Read(path.display().to_string(), error))
}

fn hash(certificate: &[u8], key: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(Sha256::digest(certificate)).chain_update(key).finalize().into()
}

fn fitting(files: &Tls, certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let (named, key_named) = (files.certificate.display().to_string(), files.key.display().to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(CertificateError::NoCertificate(named.clone()))?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::NoKey(key_named.clone()))?;
    CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|error| CertificateError::Apart(named, key_named, error))
}
