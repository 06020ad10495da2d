//! The keys that seal secrets: changed, listed, made.

use super::{CommandError, open};
use crate::clock::Clock;
use crate::config::{Given, SealKey};
use crate::seal::{Seal, Source, new_text};
use crate::store::reseal::{self, Changed, Lost};
use crate::store::{self, Store, agreed};
use azure::VaultKeys;
use clap::Subcommand;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Seals with a new key from now on, and seals anew what is sealed. Servers may go on running.
    Rotate,
    /// Says which keys there are, which of them seals, and how many passwords each one has sealed.
    List,
    /// Shows a new key, for servers whose keys this command cannot write.
    New,
    /// Wraps the keys of a file with the vault's key that the configuration names, where it named that file before.
    Wrap {
        /// The file: data/seal.key.
        from: PathBuf,
    },
}

pub async fn key(given: &Given, key: &Key, clock: &Clock) -> Result<String, CommandError> {
    match key {
        Key::New => Ok(new_text().to_string()),
        Key::Rotate => rotate(given, clock).await,
        Key::List => list(given).await,
        Key::Wrap { from } => wrap(given, from).await,
    }
}

/// To the newest key, where one waits behind the one that seals; otherwise to one that is made for it.
async fn rotate(given: &Given, clock: &Clock) -> Result<String, CommandError> {
    let store = open(given).await?;
    let seal = agreed_on(given, &store).await?;
    let before = seal.id();
    let waiting = seal.ids().pop().filter(|newest| *newest != before);
    let next = match waiting {
        Some(waiting) => waiting,
        None => seal.grow().await?,
    };
    let Changed { sealed_anew, .. } = reseal::change(&store, &seal, &next, Lost::Refuse, clock.now()).await?;
    Ok(format!(
        "key {next} seals from now on; {sealed_anew} passwords were sealed anew. Key {before} stays in {}: a copy of the \
         database from before needs it, and the record names its public half",
        seal.source()
    ))
}

/// The key of this file is the only one that is left: takes it, and deletes what no key opens.
pub(super) async fn take_newest(given: &Given, clock: &Clock) -> Result<String, CommandError> {
    let store = open(given).await?;
    let seal = keys(given).await?;
    let id = seal.id();
    let changed = reseal::change(&store, &seal, &id, Lost::Delete, clock.now()).await?;
    Ok(format!(
        "key {id} seals from now on; {} passwords were sealed anew, {} were deleted and are asked for again",
        changed.sealed_anew, changed.deleted
    ))
}

async fn wrap(given: &Given, from: &Path) -> Result<String, CommandError> {
    let SealKey::Vault(place) = given.seal_key()? else {
        let said = "seal_key names no key of a vault: { vault_key = \"https://…/keys/NAME\", wrapped = FILE }";
        return Err(CommandError::Refused(said.to_owned()));
    };
    let count = place.take_over(&vault(given)?, from).await?;
    Ok(format!(
        "{} holds, wrapped, what {} holds in the clear ({count}): once every server has it, take the other one away",
        place.wrapped.display(),
        from.display()
    ))
}

/// The way to the vaults that the configuration names.
fn vault(given: &Given) -> Result<VaultKeys, CommandError> {
    let config = given.with_facts(&serde_json::Value::Null)?;
    Ok(azure::Azure::connect(config.azure.client())?.vault_keys())
}

async fn list(given: &Given) -> Result<String, CommandError> {
    let store = open(given).await?;
    let seal = agreed_on(given, &store).await?;
    let counts = store::sealed::count_by_key(&store).await?;
    let sealed = |id: &str| counts.iter().find(|(key, _)| key == id).map_or(0, |(_, count)| *count);
    let mut said = String::new();
    for (id, public) in seal.ids().iter().zip(seal.public_keys()) {
        let seals = if *id == seal.id() { ", seals" } else { "" };
        // Writing to a text does not fail.
        let _ = writeln!(said, "{id}  {} passwords  signs as {public}{seals}", sealed(id));
    }
    for (id, count) in counts.iter().filter(|(id, _)| !seal.ids().contains(id)) {
        let _ = writeln!(said, "{id}  {count} passwords  is not in {}", seal.source());
    }
    Ok(said.trim_end().to_owned())
}

/// As the configuration says; a vault is asked through the way to Azure that it names too.
pub(super) async fn keys(given: &Given) -> Result<Seal, CommandError> {
    let source = match given.seal_key()? {
        SealKey::Here(source) => source,
        SealKey::Vault(place) => Source::Vault(vault(given)?, place),
    };
    Ok(Seal::of(source).await?)
}

/// The keys, turned to the one that seals in this database.
async fn agreed_on(given: &Given, store: &Store) -> Result<Seal, CommandError> {
    let seal = keys(given).await?;
    let agreed = agreed::agree(store, agreed::SEAL_KEY, &seal.id()).await?;
    match seal.turn_to(&agreed).await {
        true => Ok(seal),
        false => Err(CommandError::Refused(format!(
            "the secrets of this database are sealed with key {agreed}, which {} does not hold; where that key is lost, \
             `keystead migrate --new-seal-key` takes the one that is there",
            seal.source()
        ))),
    }
}
