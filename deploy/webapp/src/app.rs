//! Keeps the secrets current and a pool of connections open, without ever restarting.

use crate::{
    cause::{Cause, Stage},
    config::Config,
    credential::{self, Chain, Used},
    database::{self, Login},
    settings::Settings,
};
use azure_core::time::OffsetDateTime;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use sqlx::postgres::{PgPool, PgPoolOptions};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// The secrets in use and the connections that were opened with them.
#[derive(Clone, Debug)]
pub(crate) struct InUse {
    pub(crate) settings: Settings,
    pub(crate) pool: PgPool,
}

/// What is known after the last reading.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) in_use: Option<InUse>,
    /// When the vault last gave all four.
    pub(crate) read_at: Option<OffsetDateTime>,
    /// Why the last reading failed, or why newer secrets were not taken into use.
    pub(crate) trouble: Option<Cause>,
}

/// Everything that a request needs.
pub(crate) struct App {
    pub(crate) vault: String,
    chain: Arc<Chain>,
    /// Keeps its token for as long as it lives.
    secrets: RwLock<Arc<SecretClient>>,
    known: RwLock<Known>,
    /// One reading at a time: whoever waited for it uses its result.
    reading: tokio::sync::Mutex<()>,
}

impl App {
    pub(crate) fn new(config: &Config) -> azure_core::Result<Self> {
        let chain = Arc::new(Chain::new(config.identity.clone()));
        Ok(Self {
            vault: config.vault.clone(),
            secrets: RwLock::new(client(&config.vault, &chain)?),
            chain,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
        })
    }

    /// Reads the secrets again for as long as the program runs: every `every`, or every 3 s until
    /// they have been read once (a role that was assigned a moment ago takes a while to be honoured).
    pub(crate) async fn keep_current(self: Arc<Self>, every: Duration) {
        loop {
            self.read_again().await;
            let wait = match self.known().in_use {
                Some(_) => every,
                None => every.min(Duration::from_secs(3)),
            };
            tokio::time::sleep(wait).await;
        }
    }

    pub(crate) fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn identity(&self) -> Option<Used> {
        self.chain.used()
    }

    /// Gets a new token and reads the secrets with it: a proof that both work now, not an hour ago.
    pub(crate) async fn prove(&self) {
        self.chain.forget();
        if let Ok(new) = client(&self.vault, &self.chain) {
            *self.secrets.write().unwrap_or_else(PoisonError::into_inner) = new;
        }
        self.read_again().await;
    }

    /// A login on a new connection. Where the database refuses it the secrets may have changed a
    /// moment ago: they are read again and, if they did change, tried once more.
    pub(crate) async fn log_in(&self) -> Option<Login> {
        let settings = self.known().in_use?.settings;
        let login = database::log_in(&settings).await;
        if !login.was_refused() {
            return Some(login);
        }
        match self.read_after_refusal(&settings).await {
            Some(newer) => Some(database::log_in(&newer.settings).await),
            None => Some(login),
        }
    }

    /// Reads the secrets again; `Some` when others than the refused ones are in use now.
    pub(crate) async fn read_after_refusal(&self, refused: &Settings) -> Option<InUse> {
        self.read_again().await;
        self.known().in_use.filter(|now| now.settings.versions() != refused.versions())
    }

    async fn read_again(&self) {
        let _one_at_a_time = self.reading.lock().await;
        let before = self.known();
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner).clone();
        let after = match Settings::read(&secrets).await {
            Err(trouble) => Known { trouble: Some(trouble), ..before.clone() },
            Ok(read) => {
                let read_at = Some(OffsetDateTime::now_utc());
                let (in_use, trouble) = take(before.in_use.clone(), read).await;
                Known { in_use, read_at, trouble }
            }
        };
        tell(&before, &after);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = after;
    }
}

fn client(vault: &str, chain: &Arc<Chain>) -> azure_core::Result<Arc<SecretClient>> {
    let options = SecretClientOptions { client_options: credential::client_options(), ..Default::default() };
    Ok(Arc::new(SecretClient::new(vault, chain.clone(), Some(options))?))
}

/// Decides whether what was read replaces what is in use. Four secrets cannot change in one instant:
/// a set that the database refuses is not taken as long as the one in use is accepted.
async fn take(in_use: Option<InUse>, read: Settings) -> (Option<InUse>, Option<Cause>) {
    let Some(old) = in_use else {
        return opened(read);
    };
    if old.settings.versions() == read.versions() {
        return (Some(old), None);
    }
    let newer = database::log_in(&read).await;
    if !newer.succeeded && database::log_in(&old.settings).await.succeeded {
        let trouble = newer.cause.map(|cause| Cause {
            message: format!("newer secrets are in the vault and not yet in use: {}", cause.message),
            ..cause
        });
        return (Some(old), trouble);
    }
    let pool = old.pool.clone();
    tokio::spawn(async move { pool.close().await });
    opened(read)
}

/// The secrets with a pool of connections, none of which is opened before it is needed.
pub(crate) fn opened(settings: Settings) -> (Option<InUse>, Option<Cause>) {
    let options = PgPoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(4))
        .idle_timeout(Duration::from_secs(60));
    match settings.connect_options() {
        Ok(connect) => (Some(InUse { pool: options.connect_lazy_with(connect), settings }), None),
        Err(cause) => (None, Some(cause)),
    }
}

/// Writes to the log what changed, once.
fn tell(before: &Known, after: &Known) {
    let versions = |known: &Known| known.in_use.as_ref().map(|now| now.settings.versions().clone());
    if versions(before) != versions(after) {
        tracing::info!(versions = ?versions(after).unwrap_or_default(), "secrets in use");
    }
    if let Some(trouble) = after.trouble.as_ref().filter(|now| before.trouble.as_ref() != Some(*now)) {
        tracing::warn!(stage = ?trouble.stage, code = trouble.code, "{}", trouble.message);
    }
}

impl Known {
    /// Why nothing can be read from the database yet.
    pub(crate) fn why_not(&self) -> Cause {
        self.trouble
            .clone()
            .unwrap_or_else(|| Cause::new(Stage::Secrets, "the secrets are being read for the first time"))
    }
}
