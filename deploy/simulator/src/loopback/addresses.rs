//! Translates between Azure's names and the loopback addresses that stand for them.
use serde_json::{Value, json};

use crate::entra::DEVICE_LOGIN;

/// One service that has an address of its own.
struct Service {
    /// What people are told that it is.
    told: &'static str,
    /// Azure's name for it, or the end of its names.
    azure: &'static str,
    /// The end of its loopback names, where each of many things has a name; else it is `127.0.0.1`.
    family: Option<&'static str>,
}

const fn service(told: &'static str, azure: &'static str, family: Option<&'static str>) -> Service {
    Service { told, azure, family }
}

const SERVICES: [Service; 5] = [
    service("resource_manager", "management.azure.com", None),
    service("login", "login.microsoftonline.com", None),
    service("graph", "graph.microsoft.com", None),
    service("log_analytics", "api.loganalytics.io", None),
    service("vaults", "vault.azure.net", Some("vault.localhost")),
];
/// How many addresses there are: those of the services, and the one at which every cluster's API server is.
pub(super) const COUNT: usize = SERVICES.len() + 1;
/// The place of the clusters among the ports.
pub(super) const CLUSTERS: usize = SERVICES.len();

/// The ports of the loopback addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses(pub(super) [u16; COUNT]);

impl Addresses {
    /// Where a client that knows nothing else begins: `https://127.0.0.1:PORT`.
    pub fn resource_manager(&self) -> String {
        format!("https://127.0.0.1:{}", self.0[0])
    }

    /// Where the API server of every cluster is; the name in the TLS handshake says which one is meant.
    pub(super) fn clusters(&self) -> String {
        format!("https://127.0.0.1:{}", self.0[CLUSTERS])
    }

    /// All of them, as people are told.
    pub fn told(&self) -> Value {
        let mut told = json!({"clusters": self.clusters()});
        for (service, port) in SERVICES.iter().zip(self.0) {
            told[service.told] = match service.family {
                Some(family) => json!(format!("https://*.{family}:{port}")),
                None => json!(format!("https://127.0.0.1:{port}")),
            };
        }
        told
    }

    /// Azure's name for what was asked at the `place`-th address, from the `Host` of the request.
    pub(super) fn host(&self, place: usize, asked: &str) -> Option<String> {
        let service = SERVICES.get(place)?;
        let Some(family) = service.family else { return Some(service.azure.to_owned()) };
        let asked = asked.rsplit_once(':').map_or(asked, |(host, _)| host).to_ascii_lowercase();
        let name = asked.strip_suffix(family)?.strip_suffix('.')?;
        Some(format!("{name}.{}", service.azure))
    }

    /// Whether a name belongs to a family at that port: then a proxy that is asked for it leads there.
    pub fn holds(&self, host: &str, port: u16) -> bool {
        let family = |service: &Service| service.family.is_some_and(|family| host.ends_with(&format!(".{family}")));
        SERVICES.iter().zip(self.0).any(|(service, own)| own == port && family(service))
    }

    /// The text with every loopback address replaced by Azure's name, whether written plainly or in a query.
    pub(super) fn to_azure(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (service, port) in SERVICES.iter().zip(self.0) {
            let host = service.family.unwrap_or("127.0.0.1");
            for colon in [":", "%3A", "%3a"] {
                text = replace(&text, &format!("{host}{colon}{port}"), service.azure, service.family.is_some());
            }
        }
        text
    }

    /// The text with each of Azure's names that has a loopback address replaced by that.
    pub(super) fn to_loopback(&self, text: &str) -> String {
        // The short address is no service; it leads to this page.
        let mut text = text.replace(DEVICE_LOGIN, "https://login.microsoftonline.com/common/oauth2/deviceauth");
        for (service, port) in SERVICES.iter().zip(self.0) {
            let address = format!("{}:{port}", service.family.unwrap_or("127.0.0.1"));
            for azure in [format!("{}:443", service.azure), service.azure.to_owned()] {
                text = replace(&text, &azure, &address, service.family.is_some());
            }
        }
        text
    }
}

/// Replaces whole host names: before one stands no letter of a name (a dot only where it is the end of many names),
/// after it none either.
fn replace(text: &str, name: &str, by: &str, of_family: bool) -> String {
    let part_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let begins = match before.chars().next_back().or_else(|| replaced.chars().next_back()) {
            Some('.') => of_family,
            Some(letter) => !part_of_name(letter) || before.ends_with("%2F") || before.ends_with("%2f"),
            None => true,
        };
        let mut next = after.chars();
        let ends = match next.next() {
            Some('.') => !next.next().is_some_and(part_of_name),
            Some(letter) => !part_of_name(letter),
            None => true,
        };
        replaced.push_str(before);
        replaced.push_str(if begins && ends { by } else { name });
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Addresses = Addresses([4401, 4402, 4403, 4404, 4405, 4406]);

    #[test]
    fn azures_names_become_addresses_and_come_back() {
        for (azure, loopback) in [
            ("https://management.azure.com/subscriptions?a=b", "https://127.0.0.1:4401/subscriptions?a=b"),
            ("https://kv-one.vault.azure.net/secrets/a", "https://kv-one.vault.localhost:4405/secrets/a"),
            ("resource=\"https://vault.azure.net\"", "resource=\"https://vault.localhost:4405\""),
            ("\"vault.azure.net\",\"x\"", "\"vault.localhost:4405\",\"x\""),
            ("Use https://graph.microsoft.com.", "Use https://127.0.0.1:4403."),
        ] {
            assert_eq!(HERE.to_loopback(azure), loopback);
            assert_eq!(HERE.to_azure(loopback), azure);
        }
        let form = "scope=https%3A%2F%2F127.0.0.1%3A4403%2F%2F.default";
        assert_eq!(HERE.to_azure(form), "scope=https%3A%2F%2Fgraph.microsoft.com%2F%2F.default");
        assert_eq!(HERE.to_loopback("https://management.azure.com:443/x"), "https://127.0.0.1:4401/x");
    }

    #[test]
    fn what_only_looks_like_a_name_stays() {
        for text in ["amanagement.azure.com", "x.management.azure.com", "management.azure.com.example.org"] {
            assert_eq!(HERE.to_loopback(text), text);
        }
        assert_eq!(HERE.to_azure("127.0.0.1:44011"), "127.0.0.1:44011");
    }

    #[test]
    fn a_vault_is_known_by_its_name_and_the_others_by_their_port() {
        assert_eq!(HERE.host(0, "localhost:4401").as_deref(), Some("management.azure.com"));
        assert_eq!(HERE.host(4, "KV-one.vault.localhost:4405").as_deref(), Some("kv-one.vault.azure.net"));
        assert_eq!(HERE.host(4, "127.0.0.1:4405"), None);
        assert!(HERE.holds("kv-one.vault.localhost", 4405));
        assert!(!HERE.holds("kv-one.vault.localhost", 4401) && !HERE.holds("127.0.0.1", 4401));
    }
}
