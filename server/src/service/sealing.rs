//! Sealing and signing as the service does it: with the key that all servers agree on at this moment.

use super::Service;
use super::error::{failed, internal};
use crate::seal::{Sealed, Signing};
use crate::store::agreed;
use app::portal::Answer;
use domain::id::RequestId;
use secrecy::SecretString;

impl Service {
    pub(super) async fn sealed(&self, request: &RequestId, password: &SecretString) -> Answer<Sealed> {
        agreed::follow(&self.store, &self.seal).await.map_err(failed("reading which key seals"))?;
        self.seal.seal(request, password).map_err(|error| internal("sealing a password", &error))
    }

    pub(super) async fn opened(&self, request: &RequestId, sealed: &Sealed) -> Answer<SecretString> {
        self.seal.open(request, sealed).await.map_err(|error| internal("opening a password", &error))
    }

    pub(super) async fn signing(&self) -> Answer<Signing> {
        agreed::follow(&self.store, &self.seal).await.map_err(failed("reading which key signs"))?;
        Ok(self.seal.signing())
    }
}
