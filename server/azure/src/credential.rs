//! Finds out who we are: workload identity, managed identity, Azure command line, in this order, remembering what worked.
use crate::{
    config::{Config, CredentialKind},
    error::{Call, Error, Kind},
    refusal,
    transport::{Transport, error_chain},
};
use async_trait::async_trait;
use azure_core::{
    Error as SdkError,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::Mutex;

/// Stands for the method of a request in errors about tokens.
pub(crate) const SIGN_IN: &str = "SIGN-IN";

const WORKLOAD: &str = "workload identity";
const MANAGED: &str = "managed identity";

/// The managed identity endpoint of an Azure machine, which answers at once or is not there.
const MACHINE: &str = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";
const MACHINE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// The chain; a [`TokenCredential`] like each of its links, so that the SDK's clients take it.
#[derive(Clone)]
pub(crate) struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    transport: Transport,
    chosen: RwLock<Option<Link>>,
    choosing: Mutex<()>,
}

#[derive(Clone)]
struct Link {
    name: &'static str,
    credential: Arc<dyn TokenCredential>,
}

impl Chain {
    pub(crate) fn new(config: &Config, transport: &Transport) -> Self {
        Self {
            inner: Arc::new(Inner {
                config: config.clone(),
                transport: transport.clone(),
                chosen: RwLock::default(),
                choosing: Mutex::new(()),
            }),
        }
    }

    /// Which link gave us a token, once one did.
    pub(crate) fn worked(&self) -> Option<&'static str> {
        self.chosen().map(|link| link.name)
    }

    fn chosen(&self) -> Option<Link> {
        self.inner.chosen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn choose(&self, link: Link) {
        *self.inner.chosen.write().unwrap_or_else(PoisonError::into_inner) = Some(link);
    }

    /// Forgets every token that the SDK keeps for us, and nothing else: we stay who we are.
    pub(crate) fn renew(&self) {
        let (client_id, token_file) = match self.inner.config.credential.clone() {
            CredentialKind::WorkloadIdentity { client_id, token_file } => (client_id, token_file),
            CredentialKind::ManagedIdentity { client_id } => (client_id, None),
            CredentialKind::AzureCli | CredentialKind::Auto => (None, None),
        };
        let anew = match self.worked() {
            Some(WORKLOAD) => self.workload(client_id, token_file),
            Some(MANAGED) => self.machine(client_id),
            Some(_) => self.command_line(),
            None => return,
        };
        match anew {
            Ok(link) => self.choose(link),
            Err(why) => tracing::warn!(why, "the way to sign in could not be made anew"),
        }
    }

    async fn links(&self) -> Vec<Result<Link, String>> {
        match &self.inner.config.credential {
            CredentialKind::WorkloadIdentity { client_id, token_file } => {
                vec![self.workload(client_id.clone(), token_file.clone())]
            }
            CredentialKind::ManagedIdentity { client_id } => vec![self.machine(client_id.clone())],
            CredentialKind::AzureCli => vec![self.command_line()],
            CredentialKind::Auto => match self.workload(None, None) {
                // A pod that was given an identity is meant to use it: its refusal is the answer.
                Ok(link) => vec![Ok(link)],
                Err(why) => {
                    let machine = if self.machine_answers().await {
                        self.machine(None)
                    } else {
                        Err("managed identity: this machine has none (169.254.169.254 does not answer)".to_owned())
                    };
                    vec![Err(why), machine, self.command_line()]
                }
            },
        }
    }

    fn workload(&self, client_id: Option<String>, token_file: Option<std::path::PathBuf>) -> Result<Link, String> {
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: self.inner.transport.sdk_sign_in() },
            client_id,
            tenant_id: self.inner.config.tenant_id.clone(),
            token_file_path: token_file,
        };
        link(WORKLOAD, WorkloadIdentityCredential::new(Some(options)))
    }

    fn machine(&self, client_id: Option<String>) -> Result<Link, String> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.map(UserAssignedId::ClientId),
            client_options: self.inner.transport.sdk_sign_in(),
        };
        link(MANAGED, ManagedIdentityCredential::new(Some(options)))
    }

    fn command_line(&self) -> Result<Link, String> {
        let options = AzureCliCredentialOptions {
            tenant_id: self.inner.config.tenant_id.clone(),
            ..AzureCliCredentialOptions::default()
        };
        link("Azure command line", AzureCliCredential::new(Some(options)))
    }

    /// Asks without the header that the endpoint demands: one that is there refuses at once, with 400. One that is being
    /// renewed is there too; what a gateway says in its place (502 to 504) tells nothing of it.
    async fn machine_answers(&self) -> bool {
        let asked = self.inner.transport.client().get(MACHINE).timeout(MACHINE_ANSWERS_WITHIN).send().await;
        asked.is_ok_and(|response| matches!(response.status().as_u16(), 200 | 400 | 401 | 405 | 410 | 429 | 500))
    }
}

fn link<C: TokenCredential + 'static>(name: &'static str, made: azure_core::Result<Arc<C>>) -> Result<Link, String> {
    match made {
        Ok(credential) => Ok(Link { name, credential }),
        Err(error) => Err(format!("{name}: {}", error_chain(&error))),
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(link) = self.chosen() {
            return link.credential.get_token(scopes, options).await;
        }
        let _choosing = self.inner.choosing.lock().await;
        if let Some(link) = self.chosen() {
            return link.credential.get_token(scopes, options).await;
        }
        let links = self.links().await;
        let alone = links.len() == 1;
        let mut reasons = Vec::new();
        for link in links {
            match link {
                Ok(link) => match link.credential.get_token(scopes, options.clone()).await {
                    Ok(token) => {
                        tracing::info!(credential = link.name, "signed in to Azure");
                        self.choose(link);
                        return Ok(token);
                    }
                    // Where only one way is open, its own words are the answer, whole; and a way that is only
                    // out of order for the moment is not left for another identity.
                    Err(error) if alone || refused("", &error).kind() == Kind::Unreachable => return Err(error),
                    Err(error) => reasons.push(format!("{}: {}", link.name, said(&error))),
                },
                Err(why) => reasons.push(why),
            }
        }
        Err(SdkError::with_message(ErrorKind::Credential, reasons.join("; ")))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("worked", &self.worked()).finish_non_exhaustive()
    }
}

/// What the token endpoint itself said. The SDK calls every 400 of the managed identity endpoint "has not been
/// assigned"; the true text lies in the raw answer of the error below.
fn said(error: &SdkError) -> String {
    match raw(error) {
        Some((_, body)) => {
            Some(refusal::words(&body).message).filter(|text| !text.is_empty()).unwrap_or_else(|| error_chain(error))
        }
        None => error_chain(error),
    }
}

/// Status and body of the answer that an error of the SDK goes back to.
pub(crate) fn raw(error: &SdkError) -> Option<(u16, Vec<u8>)> {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        if let Some(ErrorKind::HttpResponse { raw_response: Some(raw), .. }) =
            error.downcast_ref::<SdkError>().map(SdkError::kind)
        {
            return Some((raw.status().into(), raw.body().as_ref().to_vec()));
        }
        at = error.source();
    }
    None
}

/// True where nobody answered.
pub(crate) fn lost(error: &SdkError) -> bool {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = at {
        let kind = error.downcast_ref::<SdkError>().map(SdkError::kind);
        if matches!(kind, Some(ErrorKind::Connection | ErrorKind::Io)) {
            return true;
        }
        at = error.source();
    }
    false
}

/// A sign-in that failed: denied where somebody refused, unreachable where nobody answered.
pub(crate) fn refused(scope: &str, error: &SdkError) -> Error {
    match raw(error) {
        Some((status, body)) => {
            let words = refusal::words(&body);
            let call = Call {
                method: SIGN_IN.to_owned(),
                resource: scope.to_owned(),
                status: Some(status),
                code: words.code,
                inner_code: words.inner_code,
                message: words.message,
                ..Call::default()
            };
            let kind = if matches!(status, 404 | 408 | 410 | 429 | 500..) { Kind::Unreachable } else { Kind::Denied };
            Error::new(kind, call)
        }
        None if lost(error) => Error::unreachable(SIGN_IN, scope, error_chain(error)),
        None => Error::local(Kind::Denied, SIGN_IN, scope, "NoCredential", error_chain(error)),
    }
}
