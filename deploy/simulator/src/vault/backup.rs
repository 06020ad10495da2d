//! Backs a secret up with all its versions, and restores it, into the same vault or another one of the subscription.
//!
//! What a client keeps is a name that nobody can guess; the secret itself stays in the state.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Value, json};

use super::access::{Right, authorize};
use super::refusal::VaultRefusal;
use super::secret::Secret;
use super::secrets::{latest, live};
use super::site::{Granted, Wish};

/// The collection of the backups.
const BACKUPS: &str = "vaultBackups";

/// POST: the whole secret as one text.
pub(super) async fn make(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::Backup, Some(name))?;
    let secret = live(wish, name)?;
    let key: [u8; 48] = rand::random();
    let text = URL_SAFE_NO_PAD.encode(key);
    let kept = serde_json::to_value(&secret).unwrap_or(Value::Null);
    wish.world.state.put(BACKUPS, &text, kept).await?;
    Ok((StatusCode::OK, json!({ "value": text })))
}

/// POST: the secret as it was, under the name that it had.
pub(super) async fn restore(wish: &Wish<'_>) -> Granted {
    authorize(wish, Right::Restore, None)?;
    let text = wish.body["value"].as_str().map(|text| text.trim_end_matches('=')).unwrap_or_default();
    let found = wish.world.state.get(BACKUPS, text).and_then(|kept| serde_json::from_value::<Secret>(kept).ok());
    let secret = found.ok_or_else(|| VaultRefusal::bad("The backup blob is not one of this subscription's."))?;
    let now = wish.world.clock.now();
    wish.world
        .state
        .change(|draft| {
            if let Some(standing) = Secret::find(draft, &wish.vault, &secret.name, now) {
                let state = if standing.deleted.is_some() { "in a deleted state" } else { "in this vault" };
                let message = format!("Secret {} exists {state}, and cannot be restored over it.", secret.name);
                return Err(VaultRefusal::new(StatusCode::CONFLICT, "Conflict", message));
            }
            secret.put(draft, &wish.vault);
            Ok((StatusCode::OK, latest(wish, &secret)))
        })
        .await
}
