//! Accounts as the skins need them: kept at sign-in, found by a program's token, given a token.

use super::Service;
use super::error::failed;
use crate::store;
use app::portal::Answer;
use domain::Moment;
use domain::account::{Account, Caller, Way};
use rand::RngCore;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What every token begins with, so that a leaked one is found by those who look for such.
const PREFIX: &str = "keystead_";

/// The part of the service that is about who somebody is.
#[derive(Clone)]
pub struct Accounts(Arc<Service>);

impl Accounts {
    pub fn new(service: Arc<Service>) -> Accounts {
        Accounts(service)
    }

    /// Keeps what the directory said at this sign-in.
    pub async fn signed_in(&self, account: &Account) -> Answer<()> {
        let service = &self.0;
        service.deciders.forget();
        store::account::keep(&service.store, account, service.clock.now()).await.map_err(failed("keeping an account"))
    }

    /// Whom a token belongs to, with the roles of that account's last sign-in; `None` where it is unknown or over.
    pub async fn owner(&self, token: &str) -> Answer<Option<Caller>> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let service = &self.0;
        let owner = store::token::owner(&service.store, &hash(token), service.clock.now()).await;
        let owner = owner.map_err(failed("looking up a token"))?;
        Ok(owner.map(|account| Caller { account, way: Way::Token }))
    }
}

/// Makes a token for the account of this name, until then. It is shown once; only its hash is kept. `None` where
/// nobody of this name has signed in yet.
pub async fn make_token(
    store: &store::Store,
    name: &str,
    now: Moment,
    expires: Moment,
) -> Result<Option<SecretString>, store::Error> {
    let Some(account) = store::account::named(store, name).await? else { return Ok(None) };
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let token = format!("{PREFIX}{}", hex::encode(bytes));
    store::token::keep(store, &hash(&token), &account.id, now, expires).await?;
    Ok(Some(SecretString::from(token)))
}

/// A token is 32 random bytes, so that a plain hash is enough.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
