//! Tokens: a person's own and those of a team's services, made, listed and revoked; none is given more than its maker has.

mod making;
pub(super) mod text;

use super::error::failed;
use super::{Service, expected, permit};
use crate::store::token::list;
use crate::store::{self};
use app::error::PortalError;
use app::portal::{Answer, Tokens};
use async_trait::async_trait;
use domain::account::{AccountId, Caller, Role};
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::name::TeamName;
use domain::pass;
use domain::permission::{Action, Subject, may};
use domain::view::token::{Filter, List, Made, New, Offer, Row};
use secrecy::ExposeSecret;

pub use making::{DAY, For, Issued, NotIssued, issue, named};

/// Rows of one page, where nothing is said, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 200;

/// To a program that would have tokens of its own.
const NO_PERSON: &str = "A program has no tokens of its own: a manager of its team makes them.";

#[async_trait]
impl Tokens for Service {
    async fn tokens(&self, caller: &Caller, filter: &Filter) -> Answer<List> {
        let (failed, now) = (failed("listing tokens"), self.clock.now());
        let (own, teams) = match filter.team.as_str() {
            "" => (own_account(caller), self.teams_where(caller, Action::Tokens)),
            team => {
                let team = self.team_of(caller, team, Action::Tokens)?;
                ("", vec![team])
            }
        };
        let names: Vec<String> = teams.iter().map(ToString::to_string).collect();
        let limit = filter.limit.unwrap_or(PAGE).clamp(1, MOST);
        let found = list::list(&self.store, own, &names, &filter.after, i64::from(limit) + 1, now).await;
        let mut rows = found.map_err(&failed)?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        Ok(List { next: rows.last().filter(|_| more).map(|row| row.id.clone()), rows, offer: self.token_offer(caller) })
    }

    async fn token(&self, caller: &Caller, id: &str) -> Answer<Row> {
        self.seen_token(caller, id).await.map(|(_, row)| row)
    }

    async fn create_token(&self, caller: &Caller, new: &New) -> Answer<Made> {
        let before = self.shown_before(making::bound).await?;
        let (id, token) = match before {
            Some(made) => made,
            None => self.kept_within(caller, self.wanted(caller, new)?).await?,
        };
        let (_, row) = self.seen_token(caller, &id).await?;
        Ok(Made { token: token.expose_secret().to_owned(), row })
    }

    async fn revoke_token(&self, caller: &Caller, id: &str) -> Answer<Row> {
        let (_, row) = self.seen_token(caller, id).await?;
        let itself = caller.pass.as_ref().is_some_and(|pass| pass.id == id);
        if !itself && let Some(reason) = pass::lacks(caller, Action::Tokens) {
            return Err(PortalError::forbidden(reason));
        }
        expected::hold("tokens", || &row)?;
        let now = self.clock.now();
        let mut entry = Entry::new(now, Act::TokenRevoked, Actor::of(caller), Done::named_token(id, &words(&row)))
            .with("owner", row.owner.as_str());
        if let Some(team) = &row.service_of {
            entry = entry.of_team(team);
        }
        let revoke = async {
            let mut tx = self.store.begin().await?;
            let ended = store::token::revoke(&mut tx, id, &caller.account.name, now).await?;
            if ended > 0 {
                let with = (ended > 1).then_some(ended - 1);
                let entry = with.map_or(entry.clone(), |with| entry.clone().with("made_with_it", with));
                store::audit::append(&mut tx, &entry).await?;
                tx.commit().await?;
            }
            Ok::<_, store::Error>(ended)
        };
        let ended = revoke.await.map_err(failed("revoking a token"))?;
        if ended == 0 && row.revoked_at.is_none() && expected::is_given() {
            return Err(PortalError::conflict("It was revoked just now."));
        }
        self.seen_token(caller, id).await.map(|(_, row)| row)
    }
}

impl Service {
    /// The caller's own, or one of a service of a team that the caller looks after; everything else is not there.
    async fn seen_token(&self, caller: &Caller, id: &str) -> Answer<(AccountId, Row)> {
        let found = list::find(&self.store, id, self.clock.now()).await.map_err(failed("reading a token"))?;
        let (account, row) = found.ok_or_else(PortalError::not_found)?;
        let itself = caller.pass.as_ref().is_some_and(|pass| pass.id == id);
        match &row.service_of {
            Some(_) if itself => {}
            Some(team) => permit(caller, Action::Tokens, &Subject::of(team, None))?,
            None if account == caller.account.id => {}
            None => return Err(PortalError::not_found()),
        }
        Ok((account, row))
    }

    /// A team of the configuration in which the caller may do this; what is none is not there.
    pub(super) fn team_of(&self, caller: &Caller, team: &str, action: Action) -> Answer<TeamName> {
        let team = TeamName::parse(team).map_err(|_| PortalError::not_found())?;
        if !self.choices.teams.iter().any(|known| known.name == team) {
            return Err(PortalError::not_found());
        }
        permit(caller, action, &Subject::of(&team, None))?;
        Ok(team)
    }

    /// Every team in which the caller may do this.
    pub(super) fn teams_where(&self, caller: &Caller, action: Action) -> Vec<TeamName> {
        let teams = self.choices.teams.iter().map(|team| &team.name);
        teams.filter(|team| may(caller, action, &Subject::of(team, None)).allowed()).cloned().collect()
    }

    /// Those with their titles, for a form.
    pub(super) fn titled(&self, teams: &[TeamName]) -> Vec<(String, String)> {
        teams.iter().map(|team| (team.to_string(), self.team(team).title)).collect()
    }

    fn token_offer(&self, caller: &Caller) -> Offer {
        Offer {
            teams: self.titled(&self.own_teams(caller)),
            services: self.titled(&self.teams_where(caller, Action::Tokens)),
            longest_days: self.tokens.longest_days,
        }
    }

    /// Those that a token of the caller's own can be narrowed to.
    fn own_teams(&self, caller: &Caller) -> Vec<TeamName> {
        match caller.visible_teams() {
            Some(teams) => teams.to_vec(),
            None => self.choices.teams.iter().map(|team| team.name.clone()).collect(),
        }
    }

    /// The one who asks with a token that was found, as it stands now.
    pub(super) fn holder(&self, owned: store::token::Owned, from: Option<String>) -> Option<Caller> {
        let store::token::Owned { mut account, mut pass, team, .. } = owned;
        if let Some(team) = team {
            // One that the configuration names no longer has no services.
            self.choices.teams.iter().find(|known| known.name == team)?;
            account.roles = vec![Role::Member];
            account.teams = vec![team];
            pass.approves = self.tokens.may_approve.contains(&account.name);
        }
        Some(Caller::program(account, pass, from))
    }
}

/// A program has none of its own.
fn own_account(caller: &Caller) -> &str {
    match &caller.pass {
        Some(pass) if pass.program => "",
        _ => caller.account.id.0.as_str(),
    }
}

/// As the record names it.
fn words(row: &Row) -> String {
    if row.name.is_empty() { format!("Token {}", row.id) } else { row.name.clone() }
}
