//! Accounts as the skins need them: kept at sign-in, found by a program's token, given a token.

use super::Service;
use super::error::failed;
use crate::store;
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::{Caller, Way};
use domain::audit::{Act, Actor, Entry, Subject};
use domain::name::TeamName;
use rand::RngCore;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What every token begins with, so that a leaked one is found by those who look for such.
const PREFIX: &str = "keystead_";

/// How often the token of somebody who listens is looked up, in milliseconds.
const LOOKED_UP: i64 = 10_000;

/// To somebody who is marked as having left.
const HAS_LEFT: &str = "This account is marked as having left. A platform engineer of Keystead can take that back.";

/// The part of the service that is about who somebody is.
#[derive(Clone)]
pub struct Accounts(Arc<Service>);

impl Accounts {
    pub fn new(service: Arc<Service>) -> Accounts {
        Accounts(service)
    }

    /// Keeps what the directory said at this sign-in; refused to somebody who is marked as having left.
    pub async fn signed_in(&self, caller: &Caller) -> Answer<()> {
        let service = &self.0;
        service.deciders.forget();
        let (account, now) = (&caller.account, service.clock.now());
        let roles: Vec<&str> = account.roles.iter().map(|role| role.word()).collect();
        let teams: Vec<&str> = account.teams.iter().map(TeamName::as_str).collect();
        let entry =
            by_account(Act::SignedIn, caller, now).with("roles", roles.join(", ")).with("teams", teams.join(", "));
        let keep = async {
            let mut tx = service.store.begin().await?;
            let kept = store::account::keep(&mut tx, account, now).await?;
            if kept {
                store::audit::append(&mut tx, &entry).await?;
                tx.commit().await?;
            }
            Ok::<_, store::Error>(kept)
        };
        match keep.await.map_err(failed("keeping an account"))? {
            true => Ok(()),
            false => Err(PortalError::forbidden(HAS_LEFT)),
        }
    }

    /// Keeps where mail reaches somebody, as the directory said at this sign-in.
    pub async fn reached_at(&self, caller: &Caller, email: Option<&str>) -> Answer<()> {
        let kept = store::account::keep_email(&self.0.store, &caller.account.id, email).await;
        kept.map_err(failed("keeping an address"))
    }

    /// Records that somebody ends their session.
    pub async fn signed_out(&self, caller: &Caller) -> Answer<()> {
        let service = &self.0;
        let entry = by_account(Act::SignedOut, caller, service.clock.now());
        let record = async {
            let mut tx = service.store.begin().await?;
            store::audit::append(&mut tx, &entry).await?;
            tx.commit().await
        };
        record.await.map_err(failed("recording a sign-out"))
    }

    /// The teams of somebody of whom the directory's token does not hold the groups; the error is a sentence for them.
    pub async fn teams_of(&self, object: &str) -> Answer<Vec<TeamName>> {
        let service = &self.0;
        let groups = service.azure.graph().groups_of(object).await.map_err(|error| {
            let mut told = super::error::azure("asking the directory for somebody's groups", &error);
            if error.kind() == azure::Kind::Denied {
                told.message =
                    "You are in more groups than a sign-in tells, and Keystead may not ask the directory for \
                    them: you are signed in without your teams. An administrator can grant Keystead’s identity \
                    GroupMember.Read.All and User.ReadBasic.All in Microsoft Graph; then sign in again."
                        .to_owned();
            } else {
                told.message =
                    "You are in more groups than a sign-in tells, and the directory did not answer: you are \
                    signed in without your teams. Sign in again in a while."
                        .to_owned();
            }
            told
        })?;
        let mut teams: Vec<TeamName> = service
            .teams
            .iter()
            .filter(|team| groups.iter().any(|group| group.eq_ignore_ascii_case(&team.group)))
            .map(|team| team.name.clone())
            .collect();
        teams.sort_unstable();
        Ok(teams)
    }

    /// Returns when this token is not the caller's any more, or the caller has other roles or teams.
    pub async fn another_than(&self, caller: &Caller, token: &str) {
        loop {
            self.0.clock.pass(LOOKED_UP).await;
            match Box::pin(self.owner(token, caller.from.clone())).await {
                Ok(Some(owner)) if owner.account == caller.account => {}
                Err(error) => tracing::debug!(%error, "a token was not looked up, and is again"),
                Ok(_) => return,
            }
        }
    }

    /// Whom a token belongs to, with the roles of that account's last sign-in; `None` where it is unknown or over. `from`
    /// is the address that it came from.
    pub async fn owner(&self, token: &str, from: Option<String>) -> Answer<Option<Caller>> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let (service, hash) = (&self.0, hash(token));
        let now = service.clock.now();
        let owner = store::token::owner(&service.store, &hash, now).await.map_err(failed("looking up a token"))?;
        let Some((account, first)) = owner else { return Ok(None) };
        let caller = Caller { account, way: Way::Token, from };
        if first {
            let entry = Entry::new(now, Act::TokenFirstUsed, Actor::of(&caller), Subject::token(&hash));
            let note = async {
                let mut tx = service.store.begin().await?;
                if store::token::first_used(&mut tx, &hash, now).await? {
                    store::audit::append(&mut tx, &entry).await?;
                }
                tx.commit().await
            };
            note.await.map_err(failed("noting a token's first use"))?;
        }
        Ok(Some(caller))
    }
}

fn by_account(act: Act, caller: &Caller, now: Moment) -> Entry {
    let account = &caller.account;
    Entry::new(now, act, Actor::of(caller), Subject::account(&account.id, account.name.as_str()))
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
    let hash = hash(&token);
    let by = Actor::command().on_behalf_of(account.name.as_str());
    let entry = Entry::new(now, Act::TokenCreated, by, Subject::token(&hash)).with("expires", expires.rfc3339());
    let mut tx = store.begin().await?;
    store::token::keep(&mut tx, &hash, &account.id, now, expires).await?;
    store::audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(Some(SecretString::from(token)))
}

/// A token is 32 random bytes, so that a plain hash is enough.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
