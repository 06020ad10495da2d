//! Shows each client of a database server a certificate for the server's Azure name or for its address.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::accounts;
use crate::StartError;
use crate::world::World;

/// TLS of one server under the world's authority. A client that speaks TLS at once (PostgreSQL 17) names `postgresql`.
pub(super) fn server(world: &Arc<World>, name: &str) -> Result<Arc<ServerConfig>, StartError> {
    let shown = Arc::new(Shown { world: world.clone(), server: name.to_owned() });
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| StartError::new(format!("preparing TLS of the database server {name}"), error))?
        .with_no_client_auth()
        .with_cert_resolver(shown);
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(Arc::new(config))
}

/// The certificate (DER) that a client is shown that asked for `name`, or that asked for none, as with an address.
pub(super) fn shown(world: &World, server: &str, name: Option<&str>) -> Option<Vec<u8>> {
    let certificate = find(world, server, name)?;
    certificate.cert.first().map(|der| der.to_vec())
}

fn find(world: &World, server: &str, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
    let server = accounts::find(&world.state, server)?;
    let name = match name {
        Some(name) if name.eq_ignore_ascii_case(&server.host_name()) => server.host_name(),
        // A real server has one certificate and shows it whatever was asked for: the client finds that it does not fit.
        _ => server.address?.ip().to_string(),
    };
    match world.authority.certificate_for(&name) {
        Ok(certificate) => Some(certificate),
        Err(error) => {
            tracing::error!(name, %error, "no certificate for a database server");
            None
        }
    }
}

struct Shown {
    world: Arc<World>,
    server: String,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shown").field("server", &self.server).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        find(&self.world, &self.server, hello.server_name())
    }
}
