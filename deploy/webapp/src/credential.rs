//! Who we are: one credential for a laptop and a cluster alike, tried in the order in which Azure's other SDKs try.

use crate::cause::Cause;
use crate::config::Identity;
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{ClientOptions, FixedRetryOptions, RetryOptions},
    time::Duration,
};
use azure_identity::{
    AzureCliCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// Where our tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

/// The identity of the last token: what it says about us, not the token itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Used {
    pub(crate) kind: Kind,
    pub(crate) client_id: Option<String>,
    pub(crate) object_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
}

/// The chain. The link that gave the first token is kept, and with it the SDK's own cache of tokens.
#[derive(Debug)]
pub(crate) struct Chain {
    identity: Identity,
    /// Retries are ours: the secrets are read again every few seconds, and a person wants the cause now.
    options: ClientOptions,
    link: Mutex<Option<(Kind, Arc<dyn TokenCredential>)>>,
    used: Mutex<Option<Used>>,
}

impl Chain {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, options: client_options(), link: Mutex::default(), used: Mutex::default() }
    }

    /// The identity of the last token, if there has been one.
    pub(crate) fn used(&self) -> Option<Used> {
        lock(&self.used).clone()
    }

    /// Forgets link and cached tokens: the next token is a new one.
    pub(crate) fn forget(&self) {
        *lock(&self.link) = None;
    }

    async fn find(&self) -> azure_core::Result<(Kind, Arc<dyn TokenCredential>)> {
        if let Some(found) = lock(&self.link).clone() {
            return Ok(found);
        }
        match &self.identity {
            Identity::Federated => {
                let mut options = WorkloadIdentityCredentialOptions::default();
                options.credential_options.client_options = self.options.clone();
                Ok((Kind::WorkloadIdentity, WorkloadIdentityCredential::new(Some(options))?))
            }
            Identity::ManagedBesideUs { client_id } => self.managed(client_id),
            Identity::Found { client_id } if metadata_endpoint_answers().await => self.managed(client_id),
            Identity::Found { .. } => Ok((Kind::AzureCli, AzureCliCredential::new(None)?)),
        }
    }

    fn managed(&self, client_id: &Option<String>) -> azure_core::Result<(Kind, Arc<dyn TokenCredential>)> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
            client_options: self.options.clone(),
        };
        Ok((Kind::ManagedIdentity, ManagedIdentityCredential::new(Some(options))?))
    }
}

#[async_trait::async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let (mut kind, mut link) = self.find().await?;
        let token = match link.get_token(scopes, options.clone()).await {
            // A developer's machine may have a metadata endpoint and no identity; whoever is signed in stands in. Any
            // other refusal, such as one of several identities, is a machine's own trouble and is told as it is.
            Err(refused) if matches!(self.identity, Identity::Found { .. }) && has_no_identity(&refused) => {
                (kind, link) = (Kind::AzureCli, AzureCliCredential::new(None)?);
                link.get_token(scopes, options).await.map_err(|_| refused)?
            }
            result => result.map_err(|error| match kind {
                Kind::AzureCli => Error::with_error(
                    ErrorKind::Credential,
                    error,
                    "no workload identity in the environment, no managed identity at the metadata endpoint, and the Azure command line gives no token",
                ),
                _ => error,
            })?,
        };
        *lock(&self.used) = Some(identity_in(kind, token.token.secret()));
        *lock(&self.link) = Some((kind, link));
        Ok(token)
    }
}

/// One quick second try; the default of the SDK goes on for a minute and more.
pub(crate) fn client_options() -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::fixed(FixedRetryOptions {
            delay: Duration::milliseconds(300),
            max_retries: 1,
            max_total_elapsed: Duration::seconds(5),
        }),
        ..Default::default()
    }
}

/// Asks the metadata endpoint without the header that it demands: where there is one, it complains
/// at once (the way of the other SDKs); a laptop has none, and its proxy, if any, refuses the address.
async fn metadata_endpoint_answers() -> bool {
    const PROBE: &str = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(3)).build();
    let Ok(client) = client else { return false };
    match client.get(PROBE).send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            (200..500).contains(&status) && status != 403 && status != 407
        }
        Err(_) => false,
    }
}

/// Whether the metadata endpoint says that this machine has no identity at all.
fn has_no_identity(refused: &Error) -> bool {
    Cause::of_azure("get a token", refused).message.ends_with(": Identity not found")
}

/// Reads the claims of a token without verifying it: we were given it over TLS and only show them.
fn identity_in(kind: Kind, token: &str) -> Used {
    #[derive(Default, Deserialize)]
    struct Claims {
        appid: Option<String>,
        azp: Option<String>,
        oid: Option<String>,
        tid: Option<String>,
    }
    let claims: Claims = token
        .split('.')
        .nth(1)
        .and_then(|part| azure_core::base64::decode_url_safe(part).ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    Used { kind, client_id: claims.appid.or(claims.azp), object_id: claims.oid, tenant_id: claims.tid }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_whose_it_is() {
        // {"appid":"app","oid":"object","tid":"tenant"}
        let token = "e30.eyJhcHBpZCI6ImFwcCIsIm9pZCI6Im9iamVjdCIsInRpZCI6InRlbmFudCJ9.c2ln";
        let used = identity_in(Kind::WorkloadIdentity, token);
        assert_eq!(used.client_id.as_deref(), Some("app"));
        assert_eq!(used.object_id.as_deref(), Some("object"));
        assert_eq!(used.tenant_id.as_deref(), Some("tenant"));
    }

    #[test]
    fn an_opaque_token_tells_only_its_kind() {
        let used = identity_in(Kind::AzureCli, "opaque");
        assert_eq!(used, Used { kind: Kind::AzureCli, client_id: None, object_id: None, tenant_id: None });
    }
}
