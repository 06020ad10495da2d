//! Makes a token: what is asked for is held against what its maker has, and kept with its entry in the record.

use super::{NO_PERSON, text};
use crate::service::Service;
use crate::service::error::internal;
use crate::service::sealing::shows;
use crate::store::token::{self, New as Kept, list};
use crate::store::{self, Store, once};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::{Account, AccountId, Caller};
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::field::FieldError;
use domain::id::RequestId;
use domain::name::{ServiceName, TeamName};
use domain::pass;
use domain::permission::Action;
use domain::view::token::New;
use secrecy::{ExposeSecret, SecretString};

/// Days of a token of which nothing is said.
const USUAL_DAYS: u32 = 30;
pub const DAY: i64 = 86_400_000;
const LONGEST_NAME: usize = 60;
/// Valid at a time, of one person or of one team's services.
const MOST: i64 = 100;

/// Whose token it becomes.
#[derive(Clone, Debug)]
pub enum For {
    /// Somebody who has signed in.
    Person(AccountId),
    /// A program of a team, under a name of its own. It is the team's: it goes on when whoever made it leaves, because
    /// what hangs on it would stand still at that moment, and every manager of the team sees and revokes it.
    Service(TeamName, ServiceName),
}

impl For {
    /// Its account's id and name.
    fn account(&self) -> String {
        match self {
            For::Person(id) => id.0.clone(),
            For::Service(team, name) => format!("service:{team}/{name}"),
        }
    }
}

/// A token that may be made.
#[derive(Clone, Debug)]
pub struct Issued {
    pub whose: For,
    /// Account name of its owner.
    pub owner: String,
    pub name: String,
    pub scopes: Option<Vec<Action>>,
    pub teams: Option<Vec<TeamName>>,
    pub by: Actor,
    pub made_with: Option<String>,
    /// Hash of the provider's token for which it was given, which gives no second one.
    pub made_of: Option<String>,
    pub expires: Moment,
}

/// Why one was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotIssued {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("{0}")]
    Refused(String),
}

/// The text of a token that is not kept yet, and the id that it will have.
struct Fresh {
    id: String,
    text: SecretString,
}

impl Fresh {
    /// For whom it is said by how it begins.
    fn new(whose: &For) -> Fresh {
        let text = text::secret(text::new(matches!(whose, For::Service(..))));
        Fresh { id: uuid::Uuid::now_v7().to_string(), text }
    }
}

/// What seals the text of the token with this id, for as long as its answer is kept.
pub(super) fn bound(id: &str) -> RequestId {
    RequestId::new(format!("token:{id}"))
}

/// Keeps it: its id, and the text, which is shown once; only a hash of it is kept.
pub async fn issue(store: &Store, issued: &Issued, now: Moment) -> Result<(String, SecretString), NotIssued> {
    keep(store, issued, Fresh::new(&issued.whose), now).await
}

async fn keep(store: &Store, issued: &Issued, fresh: Fresh, now: Moment) -> Result<(String, SecretString), NotIssued> {
    let Issued { whose, owner, name, scopes, teams, by, made_with, made_of, expires } = issued;
    let (account, service) = (whose.account(), matches!(whose, For::Service(..)));
    let team = match whose {
        For::Service(team, _) => Some(team.clone()),
        For::Person(_) => None,
    };
    if list::count(store, &account, team.as_ref().map(TeamName::as_str), now).await? >= MOST {
        let said = format!("There are {MOST} valid tokens already. Revoke one that nobody uses, then make this one.");
        return Err(NotIssued::Refused(said));
    }
    let Fresh { id, text: token } = fresh;
    let hash =
        text::hash(token.expose_secret()).ok_or_else(|| store::Error::Database("a new token is none".to_owned()))?;
    let done = if name.is_empty() { Done::token(&hash) } else { Done::named_token(&id, name) };
    let mut entry = Entry::new(now, Act::TokenCreated, by.clone(), done)
        .with("owner", if made_for_themselves(by, owner) { "" } else { owner.as_str() })
        .with("scopes", scopes.iter().flatten().map(|action| action.key()).collect::<Vec<_>>().join(" "))
        .with("teams", teams.iter().flatten().map(TeamName::as_str).collect::<Vec<_>>().join(" "))
        .with("expires", expires.rfc3339());
    if let Some(team) = &team {
        entry = entry.of_team(team);
    }
    let mut tx = store.begin().await?;
    if service {
        // With no role of its own in the database, so that nothing there counts it among those who decide.
        let program = Account {
            id: AccountId(account.clone()),
            name: account.clone(),
            roles: vec![],
            teams: vec![],
            groups: vec![],
        };
        if !store::account::keep(&mut tx, &program, now).await? {
            let said = "A program of this name is marked as having left: take another name, or have that taken back.";
            return Err(NotIssued::Refused(said.to_owned()));
        }
    }
    let kept = Kept {
        id: id.clone(),
        hash,
        account,
        name: name.clone(),
        scopes: scopes.clone(),
        teams: teams.clone(),
        team,
        made_by: by.name.clone(),
        made_with: made_with.clone(),
        made_of: made_of.clone(),
        now,
        expires: *expires,
    };
    token::keep(&mut tx, &kept).await?;
    store::audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok((id, token))
}

fn made_for_themselves(by: &Actor, owner: &str) -> bool {
    by.name == owner
}

impl Service {
    /// What is asked for, as far as the caller may give it; narrowed to what the caller's own token has.
    pub(super) fn wanted(&self, caller: &Caller, new: &New) -> Answer<Issued> {
        let now = self.clock.now();
        let service_of = new.service_of.as_deref().map(str::trim).filter(|team| !team.is_empty());
        let team = service_of.map(|team| self.team_of(caller, team, Action::Tokens)).transpose()?;
        if team.is_none() {
            if caller.pass.as_ref().is_some_and(|pass| pass.program) {
                return Err(PortalError::forbidden(NO_PERSON));
            }
            if let Some(reason) = pass::lacks(caller, Action::Tokens) {
                return Err(PortalError::forbidden(reason));
            }
        }
        let mut wrong = Vec::new();
        let mut say = |field: &str, sentence: String| wrong.push(FieldError::new(field, sentence));
        let name = new.name.trim().to_owned();
        let (whose, owner) = match team {
            None => {
                if let Err(sentence) = named(&name) {
                    say("name", sentence);
                }
                (Some(For::Person(caller.account.id.clone())), caller.account.name.clone())
            }
            Some(team) => match ServiceName::parse(&name) {
                Ok(service) => {
                    let whose = For::Service(team, service);
                    let owner = whose.account();
                    (Some(whose), owner)
                }
                Err(sentence) => {
                    say("name", sentence);
                    (None, String::new())
                }
            },
        };
        let scopes = scopes(caller, &new.scopes).unwrap_or_else(|sentence| {
            say("scopes", sentence);
            None
        });
        let teams = match &whose {
            Some(For::Person(_)) => self.narrowed(caller, &new.teams).unwrap_or_else(|sentence| {
                say("teams", sentence);
                None
            }),
            _ if new.teams.iter().any(|team| !team.trim().is_empty() && Some(team.trim()) != service_of) => {
                say("teams", "A service token is of its own team alone: leave this empty.".to_owned());
                None
            }
            _ => None,
        };
        let longest = self.tokens.longest_days;
        let days = new.expires_days.unwrap_or(USUAL_DAYS.min(longest));
        if !(1..=longest).contains(&days) {
            say("expires_days", format!("A whole number of days: 1 to {longest}."));
        }
        let (Some(whose), true) = (whose, wrong.is_empty()) else { return Err(PortalError::invalid(wrong)) };
        let mut expires = now.plus(i64::from(days) * DAY);
        if let Some(pass) = &caller.pass {
            expires = expires.min(pass.expires);
        }
        let made_with = caller.pass.as_ref().map(|pass| pass.id.clone()).filter(|id| !id.is_empty());
        Ok(Issued { whose, owner, name, scopes, teams, by: Actor::of(caller), made_with, made_of: None, expires })
    }

    /// Teams of the caller's own; `None` for all of them.
    fn narrowed(&self, caller: &Caller, asked: &[String]) -> Result<Option<Vec<TeamName>>, String> {
        let own = self.own_teams(caller);
        let mut teams = Vec::new();
        for name in asked.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let known = own.iter().find(|team| team.as_str() == name);
            let team = known.ok_or_else(|| format!("There is no team {name} of yours."))?;
            if !teams.contains(team) {
                teams.push(team.clone());
            }
        }
        let given = caller.pass.as_ref().and_then(|pass| pass.teams.clone());
        Ok(if teams.is_empty() { given } else { Some(teams) })
    }

    pub(super) async fn kept_within(&self, caller: &Caller, issued: Issued) -> Answer<(String, SecretString)> {
        tracing::debug!(by = caller.account.name, "a token is made");
        let fresh = Fresh::new(&issued.whose);
        if once::is_asked() {
            shows(&fresh.id, &self.sealed(&bound(&fresh.id), &fresh.text).await?);
        }
        keep(&self.store, &issued, fresh, self.clock.now()).await.map_err(|error| match error {
            NotIssued::Refused(said) => PortalError::conflict(said),
            NotIssued::Store(error) => internal("making a token", &error),
        })
    }
}

/// The name of a person's token; the error is a sentence for whoever typed it.
pub fn named(name: &str) -> Result<String, String> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    match fits {
        true => Ok(name.to_owned()),
        false => Err(format!("1 to {LONGEST_NAME} characters that say what it is for: nightly build.")),
    }
}

/// Actions that are asked for, none that the caller's own token lacks; `None` for whatever its owner may.
fn scopes(caller: &Caller, asked: &[String]) -> Result<Option<Vec<Action>>, String> {
    let mut scopes = Vec::new();
    for key in asked.iter().map(|key| key.trim()).filter(|key| !key.is_empty()) {
        if key == "all" {
            return match caller.pass.as_ref().and_then(|pass| pass.scopes.as_ref()) {
                None => Ok(None),
                Some(_) => Err("The token with which it is made has not all scopes.".to_owned()),
            };
        }
        let action = Action::of_key(key).ok_or_else(|| {
            let known: Vec<&str> = Action::ALL.into_iter().map(Action::key).collect();
            format!("There is no scope {key}. There are {}, and all.", known.join(", "))
        })?;
        if let Some(pass) = &caller.pass
            && !pass.has(action)
        {
            return Err(format!("The token with which it is made lacks the scope {key}."));
        }
        if !scopes.contains(&action) {
            scopes.push(action);
        }
    }
    let given = caller.pass.as_ref().and_then(|pass| pass.scopes.clone());
    Ok(if scopes.is_empty() { given } else { Some(scopes) })
}
