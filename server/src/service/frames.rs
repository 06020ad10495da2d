//! What stands on every page: who is signed in, and how many requests wait for them.

use super::Service;
use super::cache::Cache;
use super::deciders::Waits;
use super::error::failed;
use crate::store::{self, Store, request::Open};
use app::portal::{Answer, Frames};
use async_trait::async_trait;
use domain::account::{Caller, Role};
use domain::id::RequestId;
use domain::name::TeamName;
use domain::permission::{Action, Subject, may};
use domain::view::Frame;
use std::collections::HashMap;

/// What waits, with the names that stand on approvals that count.
pub(super) type Waiting = Cache<(), Vec<(Open, Vec<String>)>>;

/// How many environments somebody has left behind, by team.
pub(super) type Offers = Cache<(), Vec<(TeamName, i64)>>;

/// Requests that are counted; they expire after days.
const MOST_WAITING: i64 = 1_000;

#[async_trait]
impl Frames for Service {
    async fn frame(&self, caller: &Caller) -> Answer<Frame> {
        let deciders = self.deciders().await?;
        let decides = caller.has(Role::Manager) || caller.has(Role::PlatformEngineer) || caller.is_asked();
        let mut inbox = 0;
        if decides || deciders.stands_in(&caller.account.name) {
            let waiting = self.waiting.read((), self.clock.now(), waiting(&self.store)).await;
            for (open, approved) in waiting.map_err(failed("counting what waits"))?.iter() {
                let waits = Waits {
                    team: &open.team,
                    requester: &open.requester,
                    requester_name: &open.requester_name,
                    level: &open.rule.level(open.level).by,
                    before: open.rule.before(open.level),
                };
                let asked = deciders.asked(caller, waits, |name| approved.iter().any(|approved| approved == name));
                inbox += i64::from(may(caller, Action::Decide, &asked.subject).allowed());
            }
        }
        Ok(Frame {
            account: caller.account.name.clone(),
            stands_for: self.stands_for(caller),
            inbox,
            offers: self.offered(caller).await?,
            requests: !self.own_choices(caller).teams.is_empty(),
            audit: self.audited_teams(caller).is_ok(),
            people: may(caller, Action::People, &Subject::everybody()).allowed(),
            webhooks: !self.teams_where(caller, Action::Webhooks).is_empty(),
        })
    }
}

async fn waiting(store: &Store) -> Result<Vec<(Open, Vec<String>)>, store::Error> {
    let open = store::request::open(store, MOST_WAITING).await?;
    let mut approved = approvals(store).await?;
    let named = |open: Open| {
        let names = approved.remove(&open.id).unwrap_or_default();
        (open, names)
    };
    Ok(open.into_iter().map(named).collect())
}

/// Names on the approvals that count, by the request that waits.
pub(super) async fn approvals(store: &Store) -> Result<HashMap<RequestId, Vec<String>>, store::Error> {
    let mut names: HashMap<RequestId, Vec<String>> = HashMap::new();
    for (request, name, on_behalf) in store::record::approvals_of_waiting(store).await? {
        names.entry(request).or_default().extend([name].into_iter().chain(on_behalf));
    }
    Ok(names)
}

impl Service {
    /// What the caller may take over of what somebody has left behind.
    async fn offered(&self, caller: &Caller) -> Answer<i64> {
        if !caller.has(Role::Manager) && !caller.has(Role::PlatformEngineer) {
            return Ok(0);
        }
        let behind = store::leaving::behind_of_teams(&self.store);
        let behind = self.offers.read((), self.clock.now(), behind).await.map_err(failed("counting what was left"))?;
        let mine = |team: &TeamName| may(caller, Action::TakeOn, &Subject::of(team, None)).allowed();
        Ok(behind.iter().filter(|(team, _)| mine(team)).map(|(_, count)| count).sum())
    }

    /// "Team Payments, manager, Security"; of several roles those that carry the others, then the groups that approve.
    fn stands_for(&self, caller: &Caller) -> String {
        let teams: Vec<String> = caller.account.teams.iter().map(|team| self.team(team).title).collect();
        let roles = &caller.account.roles;
        let roles = roles.iter().filter(|role| **role != Role::Member || !roles.contains(&Role::Manager));
        let groups = caller.account.groups.iter().filter_map(|group| self.groups.title(group));
        let roles: Vec<&str> = roles.map(|role| role.word()).chain(groups).collect();
        match teams.as_slice() {
            [] => roles.join(", "),
            [team] => format!("Team {team}, {}", roles.join(", ")),
            teams => format!("Teams {}, {}", teams.join(" and "), roles.join(", ")),
        }
    }
}
