//! Names the addresses of the Azure clouds; which one is ours is configuration.
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use serde::Deserialize;
use url::Url;

/// The endpoints of one Azure cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    /// Azure Resource Manager.
    pub arm: Url,
    /// What tokens for Azure Resource Manager are issued for.
    pub arm_audience: String,
    /// Where tokens come from.
    pub authority: Url,
    /// What follows a vault's name in its host name: `vault.azure.net`.
    pub vault_suffix: String,
    /// The query service of Log Analytics.
    pub logs: Url,
    /// Microsoft Graph.
    #[serde(default = "graph")]
    pub graph: Url,
    /// The public list of prices, one for all clouds.
    #[serde(default = "prices")]
    pub prices: Url,
}

fn graph() -> Url {
    Url::parse("https://graph.microsoft.com").unwrap_or_else(|_| unreachable!("a constant address"))
}

fn prices() -> Url {
    Url::parse("https://prices.azure.com").unwrap_or_else(|_| unreachable!("a constant address"))
}

impl Cloud {
    /// The one that most of the world uses.
    pub fn public() -> Self {
        Self::of(
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "vault.azure.net",
            "https://api.loganalytics.io",
            "https://graph.microsoft.com",
        )
    }

    pub fn us_government() -> Self {
        Self::of(
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "vault.usgovcloudapi.net",
            "https://api.loganalytics.us",
            "https://graph.microsoft.us",
        )
    }

    pub fn china() -> Self {
        Self::of(
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "vault.azure.cn",
            "https://api.loganalytics.azure.cn",
            "https://microsoftgraph.chinacloudapi.cn",
        )
    }

    fn of(
        arm: &'static str,
        authority: &'static str,
        vault_suffix: &str,
        logs: &'static str,
        graph: &'static str,
    ) -> Self {
        let url = |text: &'static str| Url::parse(text).unwrap_or_else(|_| unreachable!("a constant address"));
        Self {
            arm: url(arm),
            arm_audience: arm.to_owned(),
            authority: url(authority),
            vault_suffix: vault_suffix.to_owned(),
            logs: url(logs),
            graph: url(graph),
            prices: prices(),
        }
    }

    /// The same for the SDK; said in each case, so that its environment variables say nothing.
    pub(crate) fn sdk(&self) -> CloudConfiguration {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.authority.to_string();
        custom.into()
    }
}

impl Default for Cloud {
    fn default() -> Self {
        Self::public()
    }
}
