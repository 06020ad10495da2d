//! Says how Azure is reached and as whom: everything that differs between installations.
use crate::cloud::Cloud;
use serde::Deserialize;
use std::{fmt, path::PathBuf};
use url::Url;

/// What [`crate::Azure::connect`] needs to know. Only `subscription_id` has no default.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The Entra tenant; without it, workload identity takes that of its pod, and the others their own.
    pub tenant_id: Option<String>,
    /// The subscription that environments are made in.
    pub subscription_id: String,
    /// A forward proxy for all of Azure, with credentials where it wants them (`http://NAME:KEY@HOST:PORT`).
    pub proxy: Option<Url>,
    /// Hosts that are reached directly in spite of `proxy`: `example.com` stands for itself and all below it.
    /// Where a real proxy is set, `169.254.169.254` (the managed identity endpoint) belongs here.
    pub no_proxy: Vec<String>,
    /// A PEM file of certificate authorities that are trusted beside the system's.
    pub extra_ca: Option<PathBuf>,
    /// Who we are.
    pub credential: CredentialKind,
    /// Which Azure.
    pub cloud: Cloud,
}

/// Where our own identity comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// Workload identity where its pod was given one, else the machine's managed identity where there is one,
    /// else whoever is signed in to the Azure command line.
    #[default]
    Auto,
    /// What is `None` is taken from the variables that the AKS webhook gives to a pod.
    WorkloadIdentity {
        client_id: Option<String>,
        token_file: Option<PathBuf>,
    },
    /// `None` is the machine's only or system-assigned identity.
    ManagedIdentity {
        client_id: Option<String>,
    },
    AzureCli,
}

impl fmt::Debug for Config {
    /// The proxy's credentials are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy.as_ref().map(|proxy| {
            format!(
                "{}://{}:{}",
                proxy.scheme(),
                proxy.host_str().unwrap_or_default(),
                proxy.port_or_known_default().unwrap_or_default()
            )
        });
        f.debug_struct("Config")
            .field("tenant_id", &self.tenant_id)
            .field("subscription_id", &self.subscription_id)
            .field("proxy", &proxy)
            .field("no_proxy", &self.no_proxy)
            .field("extra_ca", &self.extra_ca)
            .field("credential", &self.credential)
            .field("cloud", &self.cloud)
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_configuration_does_not_show_the_key_in_the_proxy_address() {
        let config =
            Config { proxy: Some(Url::parse("http://portal:hunter2@127.0.0.1:3128").unwrap()), ..Config::default() };
        let printed = format!("{config:?}");
        assert!(printed.contains("http://127.0.0.1:3128"));
        assert!(!printed.contains("hunter2"));
    }

    #[test]
    fn a_credential_is_chosen_by_name() {
        let read = |text: &str| serde_json::from_str::<CredentialKind>(text).unwrap();
        assert_eq!(read(r#""auto""#), CredentialKind::Auto);
        assert_eq!(read(r#""azure_cli""#), CredentialKind::AzureCli);
        let client_id = Some("c-1".to_owned());
        assert_eq!(
            read(r#"{"managed_identity": {"client_id": "c-1"}}"#),
            CredentialKind::ManagedIdentity { client_id }
        );
    }
}
