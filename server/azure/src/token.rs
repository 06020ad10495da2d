//! Keeps a token per scope: asks once for all who wait for it, and renews it before it ends.
use crate::{
    credential::{self, Chain},
    error::Error,
};
use async_trait::async_trait;
use azure_core::{
    Error as SdkError,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    time::OffsetDateTime,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Mutex as AsyncMutex;

/// A token is renewed when it has less than this left.
const RENEW_BEFORE_END: Duration = Duration::from_secs(300);
/// A sign-in that takes longer is given up: a write must not leave long after it was decided on.
const PATIENCE: Duration = Duration::from_secs(15);

type Slot = Arc<AsyncMutex<Option<AccessToken>>>;

/// Tokens of our own identity. Where a renewal fails while the old token still holds, the old one is given.
#[derive(Clone)]
pub(crate) struct Tokens {
    credential: Chain,
    kept: Arc<Mutex<HashMap<String, Slot>>>,
}

impl Tokens {
    pub(crate) fn new(credential: Chain) -> Self {
        Self { credential, kept: Arc::default() }
    }

    /// A token for this scope (`https://management.azure.com/.default`).
    pub(crate) async fn get(&self, scope: &str) -> Result<SecretString, Error> {
        match self.current(scope).await {
            Ok(token) => Ok(SecretString::from(token.token.secret().to_owned())),
            Err(error) => Err(credential::refused(scope, &error)),
        }
    }

    /// Gives this token to nobody any more, where it is still the one that is kept.
    pub(crate) async fn forget(&self, scope: &str, token: &SecretString) {
        let slot = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(scope).map(Arc::clone);
        let Some(slot) = slot else { return };
        let mut kept = slot.lock().await;
        if kept.as_ref().is_some_and(|known| known.token.secret() == token.expose_secret()) {
            *kept = None;
            self.credential.renew();
        }
    }

    async fn current(&self, scope: &str) -> azure_core::Result<AccessToken> {
        let slot = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kept.entry(scope.to_owned()).or_default())
        };
        let mut kept = slot.lock().await;
        let now = OffsetDateTime::now_utc();
        if let Some(token) = kept.as_ref().filter(|token| token.expires_on > now + RENEW_BEFORE_END) {
            return Ok(token.clone());
        }
        let asked = tokio::time::timeout(PATIENCE, self.credential.get_token(&[scope], None)).await;
        let fresh = asked.unwrap_or_else(|_| {
            let message = format!("no token was given within {} s", PATIENCE.as_secs());
            Err(SdkError::with_message(ErrorKind::Io, message))
        });
        match (fresh, kept.as_ref()) {
            (Err(_), Some(old)) if old.expires_on > now => Ok(old.clone()),
            (fresh, _) => fresh.inspect(|token| *kept = Some(token.clone())),
        }
    }
}

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        match scopes {
            [scope] => self.current(scope).await,
            _ => Err(SdkError::with_message(ErrorKind::Credential, "a token is for exactly one scope")),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
