//! The four secrets that say where the database is and who logs in, each with its version.

use crate::cause::{Cause, Stage};
use azure_security_keyvault_secrets::{ResourceExt, SecretClient, models::Secret};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::collections::BTreeMap;

pub(crate) const SERVER: &str = "Webapp-DB-Server-Name";
pub(crate) const DATABASE: &str = "Webapp-DB-Server-Database";
pub(crate) const USER: &str = "Webapp-DB-Server-Username";
pub(crate) const PASSWORD: &str = "Webapp-DB-Server-UserPassword";

/// The four secrets' names.
pub(crate) const NAMES: [&str; 4] = [SERVER, DATABASE, USER, PASSWORD];

/// All four, as read together. `Debug` shows versions alone.
#[derive(Clone)]
pub(crate) struct Settings {
    values: [SecretString; 4],
    versions: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("versions", &self.versions).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the newest version of each from the vault.
    pub(crate) async fn read(vault: &SecretClient) -> Result<Self, Cause> {
        let [server, database, user, password] = NAMES.map(|name| read_one(vault, name));
        let (server, database, user, password) = futures::try_join!(server, database, user, password)?;
        Self::new([server, database, user, password])
    }

    /// `read` is value and version of each secret, in the order of [`NAMES`].
    fn new(read: [(SecretString, String); 4]) -> Result<Self, Cause> {
        let mut versions = BTreeMap::new();
        for (name, (value, version)) in NAMES.iter().zip(&read) {
            if value.expose_secret().trim().is_empty() {
                return Err(Cause::new(Stage::Secrets, format!("the secret {name} is empty")));
            }
            versions.insert(*name, version.clone());
        }
        let values = read.map(|(value, _)| value);
        host_and_port(values[0].expose_secret())?;
        Ok(Self { values, versions })
    }

    /// Version of each secret, by its name.
    pub(crate) fn versions(&self) -> &BTreeMap<&'static str, String> {
        &self.versions
    }

    /// How to log in: always over TLS, with the server's certificate and name verified.
    pub(crate) fn connect_options(&self) -> Result<PgConnectOptions, Cause> {
        let [server, database, user, password] = &self.values;
        let (host, port) = host_and_port(server.expose_secret())?;
        Ok(PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(port)
            .database(database.expose_secret().trim())
            .username(user.expose_secret().trim())
            .password(password.expose_secret())
            .ssl_mode(PgSslMode::VerifyFull)
            .application_name("webapp"))
    }

    /// The text with every secret's value replaced by the secret's name: what a server says about a
    /// refused login repeats the user, and sometimes host and database.
    pub(crate) fn without_values(&self, text: &str) -> String {
        let mut values: Vec<(&str, &str)> = NAMES
            .iter()
            .zip(&self.values)
            .map(|(name, value)| (value.expose_secret(), *name))
            .flat_map(|(value, name)| [(value, name), (value.trim(), name)])
            .collect();
        if let Ok((host, _)) = host_and_port(self.values[0].expose_secret()) {
            values.push((host, SERVER));
        }
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        replaced(text, &values)
    }
}

/// One pass, longest value first, so that a name which was put in is never searched itself.
fn replaced(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match values.iter().find(|(value, _)| !value.is_empty() && rest.starts_with(value)) {
            Some((value, name)) => {
                out.push_str(&format!("[{name}]"));
                rest = &rest[value.len()..];
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

async fn read_one(vault: &SecretClient, name: &str) -> Result<(SecretString, String), Cause> {
    let attempt = format!("read the secret {name}");
    let refused = |error: azure_core::Error| Cause::of_azure(&attempt, &error);
    let secret: Secret = vault.get_secret(name, None).await.map_err(refused)?.into_model().map_err(refused)?;
    let version = secret.resource_id().map_err(refused)?.version.unwrap_or_default();
    Ok((SecretString::from(secret.value.unwrap_or_default()), version))
}

/// `host` or `host:port`; the port of PostgreSQL where none is given.
fn host_and_port(server: &str) -> Result<(&str, u16), Cause> {
    let wrong = || {
        Cause::new(
            Stage::Secrets,
            format!("the secret {SERVER} is neither a host nor host:port with a port from 1 to 65535"),
        )
    };
    let server = server.trim();
    let (host, port) = match server.rsplit_once(':') {
        None => (server, 5432),
        Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
    };
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_');
    if host.is_empty() || !plain || port == 0 { Err(wrong()) } else { Ok((host, port)) }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    pub(crate) fn settings(values: [&str; 4], version: &str) -> Result<Settings, Cause> {
        Settings::new(values.map(|value| (SecretString::from(value), version.to_owned())))
    }

    const VALUES: [&str; 4] = ["db.example:6432", "shop", "shop_app", "correct horse"];

    #[test]
    fn the_server_is_a_host_or_a_host_with_a_port() {
        assert_eq!(host_and_port("db.example").unwrap(), ("db.example", 5432));
        assert_eq!(host_and_port(" 127.0.2.1:6432\n").unwrap(), ("127.0.2.1", 6432));
        for wrong in ["", ":5432", "db.example:", "db.example:0", "db:70000", "a b", "postgres://db"] {
            assert!(host_and_port(wrong).is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn a_wrong_server_is_told_without_its_value() {
        let cause = settings(["secret host", "shop", "shop_app", "x"], "1").unwrap_err();
        assert!(cause.message.contains(SERVER) && !cause.message.contains("secret host"), "{cause:?}");
    }

    #[test]
    fn an_empty_secret_is_named() {
        let cause = settings(["db.example", "shop", "", "x"], "1").unwrap_err();
        assert_eq!(cause.message, "the secret Webapp-DB-Server-Username is empty");
    }

    #[test]
    fn neither_debug_nor_an_error_shows_a_value() {
        let settings = settings(VALUES, "4f").unwrap();
        let shown = format!("{settings:?}");
        let told = settings.without_values(
            "password authentication failed for user \"shop_app\" at db.example:6432 (db.example), database \"shop\", password correct horse",
        );
        assert_eq!(
            told,
            "password authentication failed for user \"[Webapp-DB-Server-Username]\" at [Webapp-DB-Server-Name] ([Webapp-DB-Server-Name]), database \"[Webapp-DB-Server-Database]\", password [Webapp-DB-Server-UserPassword]"
        );
        for value in VALUES {
            assert!(!shown.contains(value), "{shown}");
        }
    }

    #[test]
    fn the_login_verifies_the_server() {
        let options = settings(VALUES, "1").unwrap().connect_options().unwrap();
        assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
        assert_eq!((options.get_host(), options.get_port()), ("db.example", 6432));
        assert_eq!((options.get_username(), options.get_database()), ("shop_app", Some("shop")));
    }
}
