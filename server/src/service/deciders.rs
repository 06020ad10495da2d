//! Who decides for which team: managers whom the configuration names, and those whom the directory called so at sign-in.

use super::error::failed;
use crate::config::TeamEntry;
use crate::store::{self, Store};
use app::portal::Answer;
use domain::Moment;
use domain::account::AccountId;
use domain::name::TeamName;
use domain::permission::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Account names of every team's managers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deciders(BTreeMap<TeamName, BTreeSet<String>>);

impl Deciders {
    /// Whether somebody of the team other than this account may decide.
    pub(super) fn other_than(&self, team: &TeamName, requester_name: &str) -> bool {
        self.0.get(team).is_some_and(|managers| managers.iter().any(|manager| manager != requester_name))
    }

    /// What a request of this team and requester is to the role table.
    pub(super) fn subject<'a>(&self, team: &'a TeamName, requester: &'a AccountId, name: &str) -> Subject<'a> {
        Subject { team, requester: Some(requester), other_manager: self.other_than(team, name) }
    }

    /// "A manager of team Payments", or who decides where there is no other.
    pub(super) fn words(&self, team: &TeamName, title: &str, requester_name: &str) -> String {
        match self.other_than(team, requester_name) {
            true => format!("A manager of team {title}"),
            false => "A platform engineer".to_owned(),
        }
    }
}

/// Milliseconds for which the answer is believed; a sign-in empties it.
const CACHED: i64 = 5_000;

#[derive(Default)]
pub(super) struct Cache(Mutex<Option<(Moment, Arc<Deciders>)>>);

impl Cache {
    pub(super) async fn read(&self, store: &Store, teams: &[TeamEntry], now: Moment) -> Answer<Arc<Deciders>> {
        if let Some((at, known)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
            && now.since(*at) < CACHED
        {
            return Ok(known.clone());
        }
        let mut managers: BTreeMap<TeamName, BTreeSet<String>> = BTreeMap::new();
        for team in teams {
            managers.entry(team.name.clone()).or_default().extend(team.managers.iter().cloned());
        }
        for account in store::account::managers(store).await.map_err(failed("reading who decides"))? {
            for team in account.teams {
                managers.entry(team).or_default().insert(account.name.clone());
            }
        }
        let known = Arc::new(Deciders(managers));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, known.clone()));
        Ok(known)
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
