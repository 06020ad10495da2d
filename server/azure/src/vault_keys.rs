//! Wraps and unwraps with a key of a Key Vault, whose private half never leaves it.
use crate::{error::Error, refusal, token::Tokens, transport::Transport};
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::fmt;
use url::Url;

/// The padding that both directions speak.
const ALGORITHM: &str = "RSA-OAEP-256";
const VERSION: &str = "7.4";

/// The keys of vaults.
#[derive(Clone)]
pub struct VaultKeys {
    transport: Transport,
    tokens: Tokens,
    /// What follows a vault's name in its host name.
    suffix: String,
}

/// Something that only one version of a key opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// `https://kv-shop.vault.azure.net/keys/seal/78deebed173b48e48f55abf87ed4cf71`
    pub key: String,
    /// In base64url.
    pub value: String,
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKeys").field("suffix", &self.suffix).finish_non_exhaustive()
    }
}

impl VaultKeys {
    pub(crate) fn new(transport: Transport, tokens: Tokens, suffix: &str) -> Self {
        Self { transport, tokens, suffix: suffix.to_owned() }
    }

    /// Wraps a text in base64url with the newest version of a key (`https://kv-shop.vault.azure.net/keys/seal`). Needs
    /// `keys/read` and `keys/wrap/action` on it (Key Vault Crypto Service Encryption User).
    pub async fn wrap(&self, key: &str, secret: &SecretString) -> Result<Wrapped, Error> {
        let found = self.ask(Method::GET, key, "", None).await?;
        let version = found.pointer("/key/kid").and_then(Value::as_str).unwrap_or_default();
        let (key, value) = self.turn(version, "wrapkey", secret.expose_secret()).await?;
        Ok(Wrapped { key, value })
    }

    /// What was wrapped. Needs `keys/unwrap/action` on the key.
    pub async fn unwrap(&self, wrapped: &Wrapped) -> Result<SecretString, Error> {
        let (_, value) = self.turn(&wrapped.key, "unwrapkey", &wrapped.value).await?;
        Ok(SecretString::from(value))
    }

    async fn turn(&self, key: &str, verb: &str, value: &str) -> Result<(String, String), Error> {
        let body = json!({"alg": ALGORITHM, "value": value});
        let answer = self.ask(Method::POST, key, verb, Some(&body)).await?;
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let unclear = || Error::rejected("POST", key, "NotUnderstood", "the answer names no key and no value");
        text("kid").zip(text("value")).ok_or_else(unclear)
    }

    async fn ask(&self, method: Method, key: &str, verb: &str, body: Option<&Value>) -> Result<Value, Error> {
        let mut url = self.address(method.as_str(), key)?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(Some(verb).filter(|verb| !verb.is_empty()));
        }
        url.query_pairs_mut().append_pair("api-version", VERSION);
        let token = self.tokens.get(&format!("https://{}/.default", self.suffix)).await?;
        let reply = self.transport.exchange(method.clone(), url, key, Some(&token), body, None).await?;
        if reply.status != 200 {
            return Err(refusal::read(method.as_str(), key, reply.status, &reply.headers, &reply.body));
        }
        reply.document(key)
    }

    /// The token goes to a vault, or nowhere.
    fn address(&self, method: &str, key: &str) -> Result<Url, Error> {
        let url = Url::parse(key).ok().filter(|url| {
            let host = url.host_str().unwrap_or_default();
            let below =
                host.strip_suffix(self.suffix.as_str()).is_some_and(|name| name.len() > 1 && name.ends_with('.'));
            let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            url.scheme() == "https" && url.port().is_none() && below && plain && url.path().starts_with("/keys/")
        });
        url.ok_or_else(|| {
            let said = format!("{key} is no key of a vault, as https://NAME.{}/keys/KEY is one", self.suffix);
            Error::rejected(method, key, "BadKeyAddress", said)
        })
    }
}
