//! Opens the door: one value that holds everything that speaks to Azure.
use crate::{
    arm::Arm,
    config::Config,
    costs::Costs,
    credential::{self, Chain},
    error::Error,
    graph::Graph,
    kubernetes::Clusters,
    logs::Logs,
    me::{self, Me},
    pace::{self, Clock, Pace},
    prices::Prices,
    seen::Seen,
    token::Tokens,
    transport::Transport,
    vault::Vault,
    vault_keys::VaultKeys,
};
use azure_core::credentials::TokenCredential;
use secrecy::ExposeSecret;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;
use url::{Host, Url};

/// Azure as our own identity sees it. Cheap to clone; see the crate's own page for what each part is for.
#[derive(Clone)]
pub struct Azure {
    inner: Arc<Inner>,
    arm: Arm,
}

struct Inner {
    config: Config,
    transport: Transport,
    chain: Chain,
    tokens: Tokens,
    clusters: Clusters,
    vaults: Mutex<HashMap<String, Vault>>,
    me: OnceCell<Me>,
}

impl Azure {
    /// Reads the certificate authorities and makes the clients; nothing is sent before the first question.
    ///
    /// The program has to have installed a TLS provider (`rustls::crypto::ring::default_provider().install_default()`).
    pub fn connect(config: Config) -> Result<Self, Error> {
        Self::connect_by(config, pace::running())
    }

    /// The same with the time of calls in the caller's hand.
    pub fn connect_by(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let wrong = |why: &str| Err(Error::rejected("CONNECT", "azure", "BadConfiguration", why));
        if config.subscription_id.is_empty() {
            return wrong("no subscription is configured; set azure.subscription_id");
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return wrong("no TLS provider is installed in this process");
        }
        for url in [&config.cloud.arm, &config.cloud.logs, &config.cloud.graph, &config.cloud.authority] {
            if !carries_tokens(url) {
                return wrong(&format!("{url} is not https; tokens are sent nowhere else"));
            }
        }
        let transport = Transport::new(&config)?;
        let chain = Chain::new(&config, &transport);
        let tokens = Tokens::new(chain.clone());
        let arm = Arm::new(
            transport.clone(),
            tokens.clone(),
            Pace::new(clock),
            config.cloud.arm.clone(),
            &config.cloud.arm_audience,
        );
        let clusters = Clusters::new(arm.clone(), tokens.clone(), transport.route().clone());
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                transport,
                chain,
                tokens,
                clusters,
                vaults: Mutex::default(),
                me: OnceCell::new(),
            }),
            arm,
        })
    }

    /// The same for whoever is content with what these lists say of the resources in them, for a look that changes
    /// nothing; all else is asked for.
    #[must_use]
    pub fn seeing(&self, seen: Seen) -> Self {
        Self { inner: Arc::clone(&self.inner), arm: self.arm.seeing(seen) }
    }

    /// The same for one worker at a job: its [`Arm`] remembers for a moment what that worker has seen and written.
    pub fn remembering(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), arm: self.arm.remembering() }
    }

    /// The subscription that environments are made in.
    pub fn subscription(&self) -> &str {
        &self.inner.config.subscription_id
    }

    /// Who we are; asked once and kept.
    pub async fn me(&self) -> Result<Me, Error> {
        let asked = self.inner.me.get_or_try_init(|| async {
            let scope = self.arm.scope();
            let token = self.inner.tokens.get(scope).await?;
            me::read(token.expose_secret()).ok_or_else(|| {
                Error::rejected(
                    credential::SIGN_IN,
                    scope,
                    "NotUnderstood",
                    "the token names neither object id nor tenant",
                )
            })
        });
        asked.await.cloned()
    }

    /// By which way we signed in, once we did: `managed identity`.
    pub fn signed_in_by(&self) -> Option<&'static str> {
        self.inner.chain.worked()
    }

    /// Azure Resource Manager.
    pub fn arm(&self) -> &Arm {
        &self.arm
    }

    /// A vault by its name or its address (`properties.vaultUri`).
    pub fn vault(&self, uri_or_name: &str) -> Vault {
        let uri = if uri_or_name.contains("://") {
            format!("{}/", uri_or_name.trim_end_matches('/'))
        } else {
            format!("https://{uri_or_name}.{}/", self.inner.config.cloud.vault_suffix)
        };
        let mut vaults = self.inner.vaults.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || {
            let credential: Arc<dyn TokenCredential> = Arc::new(self.inner.tokens.clone());
            Vault::new(&uri, credential, &self.inner.transport)
        };
        vaults.entry(uri.clone()).or_insert_with(made).clone()
    }

    /// The keys of vaults.
    pub fn vault_keys(&self) -> VaultKeys {
        let inner = &self.inner;
        VaultKeys::new(inner.transport.clone(), inner.tokens.clone(), &inner.config.cloud.vault_suffix)
    }

    /// A cluster's Kubernetes API, as ourselves. Ask for it each time that it is needed: it is kept, and made anew
    /// when the cluster has another address or authority.
    pub async fn kubernetes(&self, cluster_id: &str) -> Result<kube::Client, Error> {
        self.inner.clusters.client(cluster_id).await
    }

    /// The query service of Log Analytics.
    pub fn logs(&self) -> Logs {
        Logs::new(self.inner.transport.clone(), self.inner.tokens.clone(), self.inner.config.cloud.logs.clone())
    }

    /// Microsoft Graph.
    pub fn graph(&self) -> Graph {
        Graph::new(self.inner.transport.clone(), self.inner.tokens.clone(), self.inner.config.cloud.graph.clone())
    }

    /// Azure Cost Management.
    pub fn costs(&self) -> Costs {
        Costs::new(self.arm.clone())
    }

    /// Azure's public list of prices.
    pub fn prices(&self) -> Prices {
        Prices::new(self.inner.transport.clone(), self.inner.config.cloud.prices.clone())
    }

    /// A client without proxy and without token, for looking at web apps.
    pub fn plain_http(&self) -> &reqwest::Client {
        self.inner.transport.plain()
    }
}

/// Tokens travel over https, or do not leave the machine.
fn carries_tokens(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || loopback
}
