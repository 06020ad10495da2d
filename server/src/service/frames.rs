//! What stands on every page: who is signed in, and how many requests wait for them.

use super::Service;
use super::cache::Cache;
use super::error::failed;
use crate::store;
use app::portal::{Answer, Frames};
use async_trait::async_trait;
use domain::account::{AccountId, Caller, Role};
use domain::name::TeamName;
use domain::permission::{Action, may};
use domain::view::Frame;

/// Who has how many requests waiting: team, requester's account and name, number.
pub(super) type Waiting = Cache<(), Vec<(TeamName, AccountId, String, i64)>>;

#[async_trait]
impl Frames for Service {
    async fn frame(&self, caller: &Caller) -> Answer<Frame> {
        let decides = caller.has(Role::Manager) || caller.has(Role::PlatformEngineer);
        let mut inbox = 0;
        if decides {
            let deciders = self.deciders().await?;
            let waiting = store::request::waiting_by_requester(&self.store);
            let waiting = self.waiting.read((), self.clock.now(), waiting).await;
            for (team, requester, name, count) in waiting.map_err(failed("counting what waits"))?.iter() {
                if may(caller, Action::Decide, &deciders.subject(team, requester, name)).allowed() {
                    inbox += count;
                }
            }
        }
        Ok(Frame {
            account: caller.account.name.clone(),
            stands_for: self.stands_for(caller),
            inbox,
            requests: !self.own_choices(caller).teams.is_empty(),
            audit: self.audited_teams(caller).is_ok(),
        })
    }
}

impl Service {
    /// "Team Payments, manager"; of several roles those that carry the others.
    fn stands_for(&self, caller: &Caller) -> String {
        let teams: Vec<String> = caller.account.teams.iter().map(|team| self.team(team).title).collect();
        let roles = &caller.account.roles;
        let roles = roles.iter().filter(|role| **role != Role::Member || !roles.contains(&Role::Manager));
        let roles: Vec<&str> = roles.map(|role| role.word()).collect();
        match teams.as_slice() {
            [] => roles.join(", "),
            [team] => format!("Team {team}, {}", roles.join(", ")),
            teams => format!("Teams {}, {}", teams.join(" and "), roles.join(", ")),
        }
    }
}
