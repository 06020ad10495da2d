//! What can be done with secrets: set, get, list, update, delete, recover, purge.
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::access::{Right, authorize};
use super::pages::page;
use super::refusal::VaultRefusal;
use super::secret::{Secret, Version, uri};
use super::site::{Granted, Wish};
use crate::state::Draft;

/// How long Azure takes to move a secret into the bin.
const DELETION: Duration = Duration::from_secs(5);
/// A value holds so many bytes at most.
const LARGEST: usize = 25 * 1024;

/// PUT: a new version.
pub(super) async fn set(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::Set, Some(name))?;
    check_name(name)?;
    let value = wish.body["value"].as_str().ok_or_else(|| VaultRefusal::bad("The property 'value' is required."))?;
    check_sizes(&wish.body, value)?;
    let now = wish.world.clock.now();
    wish.world
        .state
        .change(|draft| {
            let version = Version::new(&wish.body, value, now);
            let mut secret = Secret::find(draft, &wish.vault, name, now).unwrap_or_else(|| Secret {
                name: name.to_owned(),
                versions: Vec::new(),
                deleted: None,
            });
            refuse_deleted(wish, &secret)?;
            secret.versions.push(version.clone());
            secret.put(draft, &wish.vault);
            Ok((StatusCode::OK, secret.body(&wish.vault, &version, true, true)))
        })
        .await
}

/// GET: the value of a version, or of the latest.
pub(super) fn get(wish: &Wish<'_>, name: &str, version: &str) -> Granted {
    authorize(wish, Right::Get, Some(name))?;
    let secret = live(wish, name)?;
    let found = secret.version(version).ok_or_else(|| VaultRefusal::not_found(&format!("{name}/{version}")))?;
    if !found.enabled {
        return Err(VaultRefusal::forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret."));
    }
    Ok((StatusCode::OK, secret.body(&wish.vault, found, true, true)))
}

/// PATCH: attributes, tags and content type of a version.
pub(super) async fn update(wish: &Wish<'_>, name: &str, version: &str) -> Granted {
    authorize(wish, Right::Update, Some(name))?;
    check_sizes(&wish.body, "")?;
    let now = wish.world.clock.now();
    wish.world
        .state
        .change(|draft| {
            let missing = || VaultRefusal::not_found(name);
            let mut secret =
                Secret::find(draft, &wish.vault, name, now).filter(|one| one.deleted.is_none()).ok_or_else(missing)?;
            let id = secret.version(version).ok_or_else(missing)?.id.clone();
            let found = secret.versions.iter_mut().find(|one| one.id == id).ok_or_else(missing)?;
            found.update(&wish.body, now);
            let found = found.clone();
            secret.put(draft, &wish.vault);
            Ok((StatusCode::OK, secret.body(&wish.vault, &found, true, false)))
        })
        .await
}

/// GET of all: names and attributes, no value.
pub(super) fn list(wish: &Wish<'_>) -> Granted {
    authorize(wish, Right::ReadMetadata, None)?;
    entries(wish, "secrets", |secret| secret.deleted.is_none())
}

/// GET of the versions of one, no value.
pub(super) fn versions(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::ReadMetadata, Some(name))?;
    // A secret that is not there has no versions, which is no error.
    let secret = live(wish, name).ok();
    let entries = secret.iter().flat_map(|secret| {
        let each = secret.versions.iter().enumerate();
        each.map(|(at, version)| (format!("{at:06}"), secret.body(&wish.vault, version, true, false)))
    });
    let entries = entries.collect();
    let name = secret.as_ref().map_or(name, |secret| &secret.name);
    let path = format!("{}secrets/{name}/versions", uri(&wish.vault));
    Ok((StatusCode::OK, page(&path, &wish.query, entries)?))
}

/// DELETE: into the bin.
pub(super) async fn delete(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::Delete, Some(name))?;
    let now = wish.world.clock.now();
    let takes = wish.world.clock.shorten(DELETION);
    wish.world
        .state
        .change(|draft| {
            let found = Secret::find(draft, &wish.vault, name, now).filter(|one| one.deleted.is_none());
            let mut secret = found.ok_or_else(|| VaultRefusal::not_found(name))?;
            secret.throw_away(&wish.vault, now, takes);
            secret.put(draft, &wish.vault);
            Ok((StatusCode::OK, latest(wish, &secret)))
        })
        .await
}

/// GET of all in the bin.
pub(super) fn list_deleted(wish: &Wish<'_>) -> Granted {
    authorize(wish, Right::ReadMetadata, None)?;
    let now = wish.world.clock.now();
    entries(wish, "deletedsecrets", |secret| secret.deleted.as_ref().is_some_and(|bin| bin.settled <= now))
}

/// GET of one in the bin; 404 while its deletion still goes on.
pub(super) fn get_deleted(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::ReadMetadata, Some(name))?;
    let secret = wish.world.state.read(|draft| settled(wish, draft, name))?;
    Ok((StatusCode::OK, latest(wish, &secret)))
}

/// POST: out of the bin.
pub(super) async fn recover(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::Recover, Some(name))?;
    wish.world
        .state
        .change(|draft| {
            let mut secret = settled(wish, draft, name)?;
            secret.deleted = None;
            secret.put(draft, &wish.vault);
            Ok((StatusCode::OK, latest(wish, &secret)))
        })
        .await
}

/// DELETE of one in the bin: gone for good.
pub(super) async fn purge(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::Purge, Some(name))?;
    if wish.vault.body["properties"]["enablePurgeProtection"] == json!(true) {
        return Err(VaultRefusal::forbidden(
            "ForbiddenByPolicy",
            "Operation \"purge\" is not allowed because purge protection is enabled for this vault.",
        ));
    }
    wish.world
        .state
        .change(|draft| {
            settled(wish, draft, name)?.remove(draft, &wish.vault);
            Ok((StatusCode::NO_CONTENT, Value::Null))
        })
        .await
}

pub(super) fn live(wish: &Wish<'_>, name: &str) -> Result<Secret, VaultRefusal> {
    let found = wish.world.state.read(|draft| Secret::find(draft, &wish.vault, name, wish.world.clock.now()));
    found.filter(|secret| secret.deleted.is_none()).ok_or_else(|| VaultRefusal::not_found(name))
}

fn settled(wish: &Wish<'_>, draft: &Draft<'_>, name: &str) -> Result<Secret, VaultRefusal> {
    let now = wish.world.clock.now();
    let found = Secret::find(draft, &wish.vault, name, now);
    let found = found.filter(|secret| secret.deleted.as_ref().is_some_and(|bin| bin.settled <= now));
    found.ok_or_else(|| VaultRefusal::not_found(name))
}

fn refuse_deleted(wish: &Wish<'_>, secret: &Secret) -> Result<(), VaultRefusal> {
    match &secret.deleted {
        None => Ok(()),
        Some(bin) if bin.settled > wish.world.clock.now() => {
            Err(VaultRefusal::conflict("ObjectIsBeingDeleted", "Secret is currently being deleted."))
        }
        Some(_) => Err(VaultRefusal::conflict(
            "ObjectIsDeletedButRecoverable",
            format!(
                "Secret {} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.",
                secret.name
            ),
        )),
    }
}

fn entries(wish: &Wish<'_>, list: &str, shown: impl Fn(&Secret) -> bool) -> Granted {
    let all = wish.world.state.read(|draft| Secret::all(draft, &wish.vault, wish.world.clock.now()));
    let entries = all
        .iter()
        .filter(|secret| shown(secret))
        .filter_map(|secret| {
            Some((secret.name.to_ascii_lowercase(), secret.body(&wish.vault, secret.version("")?, false, false)))
        })
        .collect();
    Ok((StatusCode::OK, page(&format!("{}{list}", uri(&wish.vault)), &wish.query, entries)?))
}

pub(super) fn latest(wish: &Wish<'_>, secret: &Secret) -> Value {
    secret.version("").map(|version| secret.body(&wish.vault, version, true, false)).unwrap_or_default()
}

pub(super) fn check_name(name: &str) -> Result<(), VaultRefusal> {
    if (1..=127).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(VaultRefusal::bad(format!("The request URI contains an invalid name: {name}")))
}

pub(super) fn check_sizes(body: &Value, value: &str) -> Result<(), VaultRefusal> {
    if value.len() > LARGEST {
        return Err(VaultRefusal::bad("The secret's value has more than 25600 bytes."));
    }
    if body["contentType"].as_str().is_some_and(|text| text.chars().count() > 255) {
        return Err(VaultRefusal::bad("The property 'contentType' has more than 255 characters."));
    }
    let tags = body["tags"].as_object();
    let long = |text: &str| text.chars().count() > 512;
    if tags.is_some_and(|tags| tags.len() > 15) {
        return Err(VaultRefusal::bad("The property 'tags' has more than 15 entries."));
    }
    if tags
        .into_iter()
        .flatten()
        .any(|(name, value)| long(name) || !value.is_string() || value.as_str().is_some_and(long))
    {
        return Err(VaultRefusal::bad("A tag is no text of at most 512 characters."));
    }
    Ok(())
}
