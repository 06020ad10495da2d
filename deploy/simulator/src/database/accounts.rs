//! Keeps database servers with their databases and accounts in the state; of a password only the SCRAM verifier.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pgwire::api::auth::sasl::scram::{SCRAM_ITERATIONS, ScramSecret, gen_salted_password};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::roles::Change;
use crate::state::{Draft, State, StateError};

/// The collection of the servers, by name.
const SERVERS: &str = "databaseServers";

/// One PostgreSQL server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Server {
    /// Its short name: `payments-db`.
    pub(super) name: String,
    /// Where it listens, kept so that yesterday's secret works today.
    pub(super) address: Option<std::net::SocketAddr>,
    /// The databases on it.
    pub(super) databases: Vec<String>,
    /// Who may log in.
    pub(super) accounts: Vec<Account>,
}

/// One role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) name: String,
    /// `SCRAM-SHA-256$iterations:salt$stored key:server key`, as PostgreSQL keeps it; none lets nobody in.
    pub(super) verifier: Option<String>,
    /// May make, alter and drop roles (CREATEROLE), as Azure's server administrator may.
    pub(super) creates_roles: bool,
    /// May log in.
    #[serde(default = "yes")]
    pub(super) login: bool,
    /// The roles it is a member of.
    #[serde(default)]
    pub(super) member_of: Vec<String>,
    /// What was granted to it, each as `database payments: connect`.
    #[serde(default)]
    pub(super) rights: Vec<String>,
    /// The principal whose token is its password.
    #[serde(default)]
    pub(super) entra: Option<Uuid>,
}

impl Account {
    /// A role that may log in, and nothing else.
    pub(super) fn new(name: &str, verifier: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            verifier,
            creates_roles: false,
            login: true,
            member_of: Vec::new(),
            rights: Vec::new(),
            entra: None,
        }
    }
}

fn yes() -> bool {
    true
}

impl Server {
    /// The name that Azure gives such a server.
    pub(super) fn host_name(&self) -> String {
        format!("{}.postgres.database.azure.com", self.name)
    }

    /// The account of that name.
    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }
}

/// Every server, by name.
pub(super) fn all(state: &State) -> Vec<Server> {
    state.list(SERVERS).into_iter().filter_map(|(_, document)| serde_json::from_value(document).ok()).collect()
}

/// The server of that name.
pub(super) fn find(state: &State, name: &str) -> Option<Server> {
    serde_json::from_value(state.get(SERVERS, name)?).ok()
}

/// Writes a server.
pub(super) fn put(draft: &mut Draft<'_>, server: &Server) {
    draft.put(SERVERS, &server.name, serde_json::to_value(server).unwrap_or(Value::Null));
}

/// Changes the roles of a server, all or none.
pub(super) async fn change(state: &State, server: &str, changes: Vec<Change>) -> Result<(), StateError> {
    if changes.is_empty() {
        return Ok(());
    }
    state
        .change(|draft| {
            let found = draft.get(SERVERS, server).and_then(|document| serde_json::from_value::<Server>(document).ok());
            if let Some(mut server) = found {
                changes.into_iter().for_each(|change| change.make(&mut server));
                put(draft, &server);
            }
            Ok(())
        })
        .await
}

/// The verifier of a password, with a salt of its own; a text that is a verifier already is kept, as PostgreSQL does
/// (`\password` of psql sends one).
pub(super) fn verifier(password: &str) -> String {
    if secret_of(password).is_some() {
        return password.to_owned();
    }
    let salt: [u8; 16] = rand::random();
    written(password, &salt)
}

fn written(password: &str, salt: &[u8]) -> String {
    let salted = gen_salted_password(password, salt, SCRAM_ITERATIONS);
    match ScramSecret::verifier_from_salted_password(salt.to_vec(), salted, SCRAM_ITERATIONS) {
        ScramSecret::Verifier { salt, iterations, stored_key, server_key } => format!(
            "SCRAM-SHA-256${iterations}:{}${}:{}",
            STANDARD.encode(salt),
            STANDARD.encode(stored_key),
            STANDARD.encode(server_key)
        ),
        ScramSecret::SaltedPassword { .. } => String::new(),
    }
}

/// The parts of a verifier, `None` where the text is none.
pub(super) fn secret_of(verifier: &str) -> Option<ScramSecret> {
    let (counted, keys) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
    let (iterations, salt) = counted.split_once(':')?;
    let (stored, server) = keys.split_once(':')?;
    let key = |text: &str| STANDARD.decode(text).ok().filter(|key| key.len() == 32);
    Some(ScramSecret::Verifier {
        salt: STANDARD.decode(salt).ok()?,
        iterations: iterations.parse().ok().filter(|iterations| (1..=1_000_000).contains(iterations))?,
        stored_key: key(stored)?,
        server_key: key(server)?,
    })
}

/// What an unknown role is verified against: always the same for one name, and nobody's password. So a stranger
/// cannot tell from the answers which roles there are.
pub(super) fn nobodys_secret(server: &str, user: &str) -> ScramSecret {
    let digest =
        |what: &str| Sha256::new().chain_update(server).chain_update(what).chain_update(user).finalize().to_vec();
    ScramSecret::Verifier {
        salt: digest("salt")[..16].to_vec(),
        iterations: SCRAM_ITERATIONS,
        stored_key: rand::random::<[u8; 32]>().to_vec(),
        server_key: rand::random::<[u8; 32]>().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_the_one_of_rfc_7677() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap_or_default();
        assert_eq!(
            written("pencil", &salt),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn a_password_that_is_a_verifier_is_kept_as_it_is() {
        let made = verifier("correct horse");
        assert!(secret_of(&made).is_some());
        assert_eq!(verifier(&made), made);
    }
}
