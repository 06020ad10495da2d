//! The environment variables of the web app, of which only `KEY_VAULT_NAME` is required.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

/// | variable | meaning | default |
/// | --- | --- | --- |
/// | `KEY_VAULT_NAME` | the vault with the four secrets | required |
/// | `HOST` | the address to listen on | `0.0.0.0` |
/// | `PORT` | the port of the page | `8080` |
/// | `READY_PORT` | the port of `/readyz` | `8081` |
/// | `REFRESH_SECONDS` | how often the secrets are read again | `30` |
///
/// The variables of the identity (`AZURE_*`, `IDENTITY_*`) and of the network (`HTTPS_PROXY`,
/// `SSL_CERT_FILE` …) are read by the libraries that own them; here only two of them decide which
/// identity is asked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) vault: String,
    pub(crate) address: SocketAddr,
    pub(crate) ready_address: SocketAddr,
    pub(crate) refresh: Duration,
    pub(crate) identity: Identity,
}

/// What the environment says about our identity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Identity {
    /// The workload identity webhook has put its variables into this pod.
    Federated,
    /// App Service has put its own token endpoint beside us.
    ManagedBesideUs { client_id: Option<String> },
    /// Nothing is said: a managed identity where the metadata endpoint answers, else the Azure command line.
    Found { client_id: Option<String> },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("set KEY_VAULT_NAME to the name of the vault that holds the secrets")]
    NoVault,
    #[error("KEY_VAULT_NAME is \"{0}\": give the bare name of a vault, 3 to 24 letters, digits and hyphens")]
    Vault(String),
    #[error("{name} is \"{value}\": give {wanted}")]
    Value { name: &'static str, value: String, wanted: &'static str },
}

impl Config {
    /// Reads every variable through `get`, so that a test brings its own environment.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let name = get("KEY_VAULT_NAME").ok_or(ConfigError::NoVault)?;
        let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !bare || !(3..=24).contains(&name.len()) {
            return Err(ConfigError::Vault(name));
        }
        let host = parse(&get, "HOST", IpAddr::V4(Ipv4Addr::UNSPECIFIED), "an IP address")?;
        let port = parse(&get, "PORT", 8080, "a port number")?;
        let ready_port = parse(&get, "READY_PORT", 8081, "a port number")?;
        let refresh = parse(&get, "REFRESH_SECONDS", 30u64, "a whole number of seconds")?;
        let client_id = get("AZURE_CLIENT_ID");
        let identity = if get("AZURE_FEDERATED_TOKEN_FILE").is_some() && client_id.is_some() {
            Identity::Federated
        } else if get("IDENTITY_ENDPOINT").is_some() {
            Identity::ManagedBesideUs { client_id }
        } else {
            Identity::Found { client_id }
        };
        Ok(Self {
            vault: format!("https://{}.vault.azure.net/", name.to_ascii_lowercase()),
            address: SocketAddr::new(host, port),
            ready_address: SocketAddr::new(host, ready_port),
            refresh: Duration::from_secs(refresh.max(1)),
            identity,
        })
    }
}

fn parse<T: std::str::FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: T,
    wanted: &'static str,
) -> Result<T, ConfigError> {
    match get(name) {
        None => Ok(default),
        Some(value) => value.parse().map_err(|_| ConfigError::Value { name, value, wanted }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()))
    }

    #[test]
    fn the_vault_is_all_one_has_to_name() {
        let config = read(&[("KEY_VAULT_NAME", "kv-shop")]).unwrap();
        assert_eq!(config.vault, "https://kv-shop.vault.azure.net/");
        assert_eq!(config.address.to_string(), "0.0.0.0:8080");
        assert_eq!(config.ready_address.to_string(), "0.0.0.0:8081");
        assert_eq!(config.refresh, Duration::from_secs(30));
        assert_eq!(config.identity, Identity::Found { client_id: None });
    }

    #[test]
    fn a_pod_listens_on_its_own_address() {
        let config = read(&[("KEY_VAULT_NAME", "kv-shop"), ("HOST", "127.0.4.9"), ("PORT", "80")]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.4.9:80");
        assert_eq!(config.ready_address.to_string(), "127.0.4.9:8081");
    }

    #[test]
    fn the_webhooks_variables_mean_workload_identity() {
        let config = read(&[
            ("KEY_VAULT_NAME", "kv-shop"),
            ("AZURE_CLIENT_ID", "11111111-1111-1111-1111-111111111111"),
            ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/azure/wi/token/azure-identity-token"),
        ])
        .unwrap();
        assert_eq!(config.identity, Identity::Federated);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let missing = read(&[]).unwrap_err().to_string();
        assert!(missing.contains("set KEY_VAULT_NAME"), "{missing}");
        let url = read(&[("KEY_VAULT_NAME", "https://kv.vault.azure.net")]).unwrap_err().to_string();
        assert!(url.contains("bare name"), "{url}");
        let port = read(&[("KEY_VAULT_NAME", "kv-shop"), ("PORT", "http")]).unwrap_err().to_string();
        assert_eq!(port, "PORT is \"http\": give a port number");
    }
}
