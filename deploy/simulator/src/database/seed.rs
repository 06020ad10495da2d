//! Makes the servers and accounts that are there from the start, each password in a file of its own.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::Rng;
use serde_json::{Value, json};

use super::accounts::{self, Account, Server};
use crate::StartError;
use crate::world::World;

/// Name, database and application user of each server. The first is the default template's.
const SERVERS: [(&str, &str, &str); 2] =
    [("payments-db", "payments", "payments_app"), ("catalogue-db", "catalogue", "catalogue_app")];

/// The server administrator that Azure makes with a server: not a superuser, but it may alter roles.
const ADMINISTRATOR: &str = "server_admin";

/// Makes whatever is missing: servers in the state, password files in the folder.
pub(super) async fn make(world: &Arc<World>) -> Result<(), StartError> {
    for (name, database, user) in SERVERS {
        if accounts::find(&world.state, name).is_some() {
            continue;
        }
        let doing = || format!("making the database server {name}");
        let mut made = Vec::new();
        for (account, creates_roles) in [(user, false), (ADMINISTRATOR, true)] {
            let password = password();
            let file = password_file(&world.folder, name, account);
            write(&file, &password).map_err(|error| StartError::new(format!("writing {}", file.display()), error))?;
            let verifier = Some(accounts::verifier(&password));
            made.push(Account { creates_roles, ..Account::new(account, verifier) });
        }
        if let Some(owner) = crate::seed::owner(world) {
            let entra = Some(owner.object_id);
            made.push(Account { creates_roles: true, entra, ..Account::new(&owner.name, None) });
        }
        // `postgres` is on every server, as on Azure's.
        let databases = vec![database.to_owned(), "postgres".to_owned()];
        let server = Server { name: name.to_owned(), address: None, databases, accounts: made };
        let written = world.state.change(|draft| {
            accounts::put(draft, &server);
            Ok::<(), crate::state::StateError>(())
        });
        written.await.map_err(|error| StartError::new(doing(), error))?;
    }
    Ok(())
}

/// What the portal's templates are told, first the default template's.
pub(super) fn facts(world: &World) -> Vec<Value> {
    let fact = |(name, database, user): (&str, &str, &str)| {
        let server = accounts::find(&world.state, name)?;
        let file = password_file(&world.folder, name, user);
        Some(json!({
            "name": server.host_name(),
            "server": server.address?.to_string(),
            "database": database,
            "username": user,
            "password_file": std::path::absolute(&file).unwrap_or(file),
        }))
    };
    SERVERS.into_iter().filter_map(fact).collect()
}

fn password_file(folder: &Path, server: &str, account: &str) -> PathBuf {
    folder.join("databases").join(server).join(format!("{account}.password"))
}

/// 28 letters and digits: more than 160 bits.
fn password() -> String {
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(28).map(char::from).collect()
}

fn write(file: &Path, password: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut open = std::fs::OpenOptions::new();
    let mut opened = open.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    opened.write_all(password.as_bytes())
}
