//! Sealing and signing as the service does it: with the key that all servers agree on at this moment.

use super::Service;
use super::error::{failed, internal};
use crate::seal::{Sealed, Signing};
use crate::store::{agreed, once};
use app::portal::Answer;
use domain::id::RequestId;
use secrecy::SecretString;

/// Notes for the transaction that is committed next that it made a secret which its answer alone shows: a lost answer is
/// given again with it, for as long as answers are kept.
pub(super) fn shows(id: &str, secret: &Sealed) {
    once::made(&(id, &secret.key_id, &secret.body));
}

impl Service {
    pub(super) async fn sealed(&self, request: &RequestId, password: &SecretString) -> Answer<Sealed> {
        agreed::follow(&self.store, &self.seal).await.map_err(failed("reading which key seals"))?;
        self.seal.seal(request, password).map_err(|error| internal("sealing a password", &error))
    }

    pub(super) async fn opened(&self, request: &RequestId, sealed: &Sealed) -> Answer<SecretString> {
        self.seal.open(request, sealed).await.map_err(|error| internal("opening a password", &error))
    }

    /// What [`shows`] noted where the question was asked before: the id of what the secret is of, and the secret.
    pub(super) async fn shown_before(&self, bound: fn(&str) -> RequestId) -> Answer<Option<(String, SecretString)>> {
        let Some((id, key_id, body)) = once::done::<(String, String, String)>() else { return Ok(None) };
        let secret = self.opened(&bound(&id), &Sealed { key_id, body }).await?;
        Ok(Some((id, secret)))
    }

    pub(super) async fn signing(&self) -> Answer<Signing> {
        agreed::follow(&self.store, &self.seal).await.map_err(failed("reading which key signs"))?;
        Ok(self.seal.signing())
    }
}
