//! Names and sizes as Azure allows them: one constructor a kind, and its sentence where a text does not fit.
//!
//! Limits are Azure's own: resource name rules, Key Vault's about-keys-secrets-certificates, AKS's quotas page.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident = $check:expr),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Trims, checks and keeps the text; the error is the sentence that says what would be right.
            pub fn parse(text: &str) -> Result<Self, String> {
                let text = text.trim();
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { Self::parse(&text) }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String { name.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )+};
}

text! {
    /// Unique in the installation, because every resource is named after it.
    EnvironmentName = environment_name,
    /// Globally unique on Azure: 3 to 24 letters, digits and single hyphens.
    VaultName = vault_name,
    /// As the configuration writes it: `payments`.
    TeamName = |text| lower(text, 1, 40, "a team"),
    /// As the configuration writes it: `web-app-three-nodes`.
    TemplateName = |text| lower(text, 1, 60, "a template"),
    /// As its address writes it: `production`.
    PolicyName = |text| lower(text, 1, 60, "a policy"),
    /// Of a team's program, as its token is made: `nightly-build`.
    ServiceName = |text| lower(text, 1, 60, "a service"),
    /// As Azure writes it: `westeurope`.
    Region = |text| {
        let fits = !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        fits.then_some(()).ok_or_else(|| "A region is written as Azure does: westeurope.".to_owned())
    },
    /// A VM size: `Standard_D2s_v5`.
    NodeSize = |text| {
        let fits = text.starts_with("Standard_") && text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        fits.then_some(()).ok_or_else(|| "A node size is written as Azure does: Standard_D2s_v5.".to_owned())
    },
    /// `1.36` or `1.36.1`.
    KubernetesVersion = |text| {
        let parts: Vec<&str> = text.split('.').collect();
        let fits = (2..=3).contains(&parts.len()) && parts.iter().all(|part| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()));
        fits.then_some(()).ok_or_else(|| "A Kubernetes version is written as 1.36 or 1.36.1.".to_owned())
    },
    /// Registry, path and tag: `registry.contoso.example/webapp:1.8.2`.
    Image = image,
    /// `host` or `host:port`.
    DatabaseServer = database_server,
    /// Of a database or of a database user; PostgreSQL cuts identifiers at 63 bytes.
    DatabaseWord = |text| {
        let fits = !text.is_empty() && text.len() <= 63 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        fits.then_some(()).ok_or_else(|| "1 to 63 characters without spaces, as PostgreSQL keeps them.".to_owned())
    },
}

fn environment_name(text: &str) -> Result<(), String> {
    if text == "new" {
        return Err("This word is the address of the form. Take another name.".to_owned());
    }
    let said = "3 to 21 lower-case letters, digits and single hyphens, a letter first: payments-staging.";
    lower_rule(text, 3, 21).then_some(()).ok_or_else(|| said.to_owned())
}

fn lower(text: &str, least: usize, most: usize, what: &str) -> Result<(), String> {
    lower_rule(text, least, most).then_some(()).ok_or_else(|| {
        format!(
            "The name of {what} has {least} to {most} lower-case letters, digits and single hyphens, a letter first."
        )
    })
}

fn lower_rule(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn vault_name(text: &str) -> Result<(), String> {
    let fits = (3..=24).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let said = "3 to 24 letters, digits and single hyphens, a letter first, no hyphen last.";
    fits.then_some(()).ok_or_else(|| said.to_owned())
}

fn image(text: &str) -> Result<(), String> {
    let said = "Registry, path and tag without spaces: registry.contoso.example/webapp:1.8.2.";
    let tag = text.rsplit_once(':').filter(|(path, tag)| !path.is_empty() && !tag.is_empty() && !tag.contains('/'));
    let legal = |c: char| c.is_ascii_alphanumeric() || "./:_-@".contains(c);
    let fits = text.len() <= 255 && (tag.is_some() || text.contains('@')) && text.chars().all(legal);
    fits.then_some(()).ok_or_else(|| said.to_owned())
}

fn database_server(text: &str) -> Result<(), String> {
    let said = "A host name or address, with the port behind a colon where it is not 5432: db.contoso.example:5433.";
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse::<u16>().is_ok_and(|port| port > 0)),
        None => (text, true),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let fits =
        port && !host.is_empty() && host.len() <= 253 && host.chars().all(legal) && !host.starts_with(['.', '-']);
    fits.then_some(()).ok_or_else(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_name_has_the_shape_that_every_resource_can_bear() {
        for good in ["abc", "payments-staging", "a1b", "abcdefghijklmnopqrstu"] {
            assert!(EnvironmentName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "Abc", "1abc", "a--b", "abc-", "a_b", "abcdefghijklmnopqrstuv", "ünï", "new"] {
            assert!(EnvironmentName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn vault_names_follow_key_vault() {
        for good in ["kv-payments-stg", "ABC", "abcdefghijklmnopqrstuvwx"] {
            assert!(VaultName::parse(good).is_ok(), "{good}");
        }
        for bad in ["ab", "kv--a", "kv-", "1kv", "kv_a", "abcdefghijklmnopqrstuvwxy"] {
            assert!(VaultName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_database_server_may_name_its_port() {
        for good in ["db.contoso.example", "127.0.2.1:5432", "localhost"] {
            assert!(DatabaseServer::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "db:0", "db:65536", "postgres://db", "db example", "user@db"] {
            assert!(DatabaseServer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_image_names_its_tag() {
        assert!(Image::parse("registry.contoso.example/webapp:1.8.2").is_ok());
        assert!(Image::parse("localhost:5000/webapp").is_err());
        assert!(Image::parse("webapp").is_err());
    }
}
