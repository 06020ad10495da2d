//! Accounts as the skins need them: kept at sign-in, found by a program's token, given a token.

use super::Service;
use super::error::failed;
use super::tokens::{DAY, For, Issued, NotIssued, issue, named, text};
use crate::config::Known as OfGroups;
use crate::store;
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::{Account, AccountId, Caller, Role};
use domain::audit::{Act, Actor, Entry, Subject};
use domain::field::FieldError;
use domain::name::TeamName;
use domain::pass::Pass;
use domain::view::token::Made;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How often the token of somebody who listens is looked up, in milliseconds.
const LOOKED_UP: i64 = 10_000;

/// To whoever shows the provider's token a second time.
const EXCHANGED: &str = "This sign-in has given a token already. Begin the login again.";

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
        let mut entry =
            by_account(Act::SignedIn, caller, now).with("roles", roles.join(", ")).with("teams", teams.join(", "));
        if caller.is_asked() {
            entry = entry.with("groups", account.groups.join(", "));
        }
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

    /// Somebody has signed in for a command line, as the provider's `proof` says: gives it a token of theirs, once.
    pub async fn logged_in(
        &self,
        caller: &Caller,
        email: Option<&str>,
        proof: &SecretString,
        name: &str,
    ) -> Answer<Made> {
        let (service, now) = (&self.0, self.0.clock.now());
        let name = named(name).map_err(|said| PortalError::invalid(vec![FieldError::new("name", said)]))?;
        let proof = hex::encode(Sha256::digest(proof.expose_secret()));
        let known = store::token::exchanged(&service.store, &proof).await.map_err(failed("looking up a login"))?;
        if known {
            return Err(PortalError::conflict(EXCHANGED));
        }
        self.signed_in(caller).await?;
        self.reached_at(caller, email).await?;
        let account = &caller.account;
        let days = i64::from(service.login_days.min(service.tokens.longest_days));
        let issued = Issued {
            whose: For::Person(account.id.clone()),
            owner: account.name.clone(),
            name,
            scopes: None,
            teams: None,
            by: Actor::of(caller),
            made_with: None,
            made_of: Some(proof),
            expires: now.plus(days * DAY),
        };
        let (id, token) = issue(&service.store, &issued, now).await.map_err(|error| match error {
            NotIssued::Refused(said) => PortalError::conflict(said),
            NotIssued::Store(store::Error::Taken(_)) => PortalError::conflict(EXCHANGED),
            NotIssued::Store(error) => failed("making a token")(error),
        })?;
        let found = store::token::list::find(&service.store, &id, now).await.map_err(failed("reading a token"))?;
        let (_, row) = found.ok_or_else(PortalError::not_found)?;
        Ok(Made { token: token.expose_secret().to_owned(), row })
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

    /// What the groups of somebody make of them of whom the directory's token does not hold these; the error is a sentence
    /// for them.
    pub async fn groups_of(&self, object: &str) -> Answer<OfGroups> {
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
        Ok(service.groups.of(&groups))
    }

    /// Returns when a token that is listened with has to be looked up again.
    pub async fn pass_a_while(&self) {
        self.0.clock.pass(LOOKED_UP).await;
    }

    /// Whom a token belongs to, with the roles of that account's last sign-in, narrowed to what the token lets through;
    /// `None` where it is unknown or over. `from` is the address that it came from.
    pub async fn owner(&self, token: &str, from: Option<String>) -> Answer<Option<Caller>> {
        let Some(hash) = text::hash(token) else { return Ok(None) };
        let (service, now) = (&self.0, self.0.clock.now());
        let owned = store::token::owner(&service.store, &hash, now).await.map_err(failed("looking up a token"))?;
        let Some(owned) = owned else { return Ok(None) };
        let first = owned.first;
        let Some(caller) = service.holder(owned, from) else { return Ok(None) };
        if first {
            let named = caller.pass.as_ref().filter(|pass| !pass.name.is_empty());
            let done = named.map_or_else(|| Subject::token(&hash), |pass| Subject::named_token(&pass.id, &pass.name));
            let entry = Entry::new(now, Act::TokenFirstUsed, Actor::of(&caller), done);
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

    /// A program that another issuer vouches for; `None` where somebody has marked it as having left. At its first time it
    /// is written down, so that what it asks for can be its own.
    pub async fn vouched(&self, name: &str, known: Known, from: Option<String>) -> Answer<Option<Caller>> {
        let service = &self.0;
        let id = AccountId(name.to_owned());
        let account = Account { id, name: name.to_owned(), roles: known.roles, teams: known.teams, groups: Vec::new() };
        let pass = Pass {
            program: true,
            approves: service.tokens.may_approve.iter().any(|named| named == name),
            ..Pass::whole("", &known.issuer, known.expires)
        };
        let caller = Caller::program(account, pass, from);
        let standing = store::account::standing(&service.store, &caller.account.id).await;
        if let Some(has_left) = standing.map_err(failed("looking up a program"))? {
            return Ok((!has_left).then_some(caller));
        }
        // With no role in the database, so that nothing there counts it among those who decide.
        let kept = Account { roles: vec![], teams: vec![], ..caller.account.clone() };
        let now = service.clock.now();
        let entry = by_account(Act::ProgramKnown, &caller, now);
        let keep = async {
            let mut tx = service.store.begin().await?;
            if store::account::keep(&mut tx, &kept, now).await? {
                store::audit::append(&mut tx, &entry).await?;
                tx.commit().await?;
            }
            Ok::<_, store::Error>(())
        };
        keep.await.map_err(failed("writing down a program"))?;
        Ok(Some(caller))
    }
}

/// What an issuer's token says of a program.
#[derive(Clone, Debug)]
pub struct Known {
    /// In words, for the record.
    pub issuer: String,
    pub roles: Vec<Role>,
    pub teams: Vec<TeamName>,
    pub expires: Moment,
}

fn by_account(act: Act, caller: &Caller, now: Moment) -> Entry {
    let account = &caller.account;
    Entry::new(now, act, Actor::of(caller), Subject::account(&account.id, account.name.as_str()))
}

/// Makes a token for the account of this name, until then, with everything that its owner may. `None` where nobody of this
/// name has signed in yet.
pub async fn make_token(
    store: &store::Store,
    name: &str,
    now: Moment,
    expires: Moment,
) -> Result<Option<SecretString>, store::Error> {
    let Some(account) = store::account::named(store, name).await? else { return Ok(None) };
    let by = Actor::command().on_behalf_of(account.name.as_str());
    let (whose, owner) = (For::Person(account.id), account.name);
    let issued = Issued {
        whose,
        owner,
        name: String::new(),
        scopes: None,
        teams: None,
        by,
        made_with: None,
        made_of: None,
        expires,
    };
    match issue(store, &issued, now).await {
        Ok((_, token)) => Ok(Some(token)),
        Err(NotIssued::Store(error)) => Err(error),
        Err(NotIssued::Refused(said)) => Err(store::Error::Database(said)),
    }
}
