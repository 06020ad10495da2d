//! Who decides for which team: managers whom the configuration names, those whom the directory called so at sign-in, the
//! platform engineers, who is in a group that approves, and to whom any of them has handed over.

use super::error::failed;
use crate::config::{Groups, TeamEntry};
use crate::store::{self, Store, request::Request};
use app::portal::Answer;
use domain::Moment;
use domain::account::{AccountId, Caller, Role};
use domain::approval::{By, Level};
use domain::name::TeamName;
use domain::permission::Subject;
use domain::view::request::Handed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Account names of every team's managers, of the platform engineers and of those in groups that approve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deciders {
    managers: BTreeMap<TeamName, BTreeSet<String>>,
    platform: BTreeSet<String>,
    /// By the group's object id.
    groups: BTreeMap<String, BTreeSet<String>>,
    pub(super) handed: Vec<Handed>,
}

/// What of a request that waits says who decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits<'a> {
    pub(super) team: &'a TeamName,
    pub(super) requester: &'a AccountId,
    pub(super) requester_name: &'a str,
    pub(super) level: &'a By,
    /// Those that have answered.
    pub(super) before: &'a [Level],
}

impl<'a> From<&'a Request> for Waits<'a> {
    fn from(request: &'a Request) -> Waits<'a> {
        Waits {
            team: &request.team,
            requester: &request.requester,
            requester_name: &request.requester_name,
            level: &request.rule.level(request.level).by,
            before: request.rule.before(request.level),
        }
    }
}

/// A request as the role table sees it, and for whom the caller would decide.
pub(super) struct Asked<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) on_behalf: Option<String>,
}

impl Deciders {
    /// Whether somebody of the team other than this account may decide.
    pub(super) fn other_than(&self, team: &TeamName, requester_name: &str) -> bool {
        self.managers.get(team).is_some_and(|managers| managers.iter().any(|manager| manager != requester_name))
    }

    /// Account names of a team's managers, in order.
    pub(super) fn managers_of(&self, team: &TeamName) -> Vec<String> {
        self.managers.get(team).into_iter().flatten().cloned().collect()
    }

    /// What something of this team and requester is to the role table.
    pub(super) fn subject<'a>(&self, team: &'a TeamName, requester: &'a AccountId, name: &str) -> Subject<'a> {
        Subject { other_manager: self.other_than(team, name), ..Subject::of(team, Some(requester)) }
    }

    /// What a request that waits is to the role table for this caller; `answered` says whether a name stands on an
    /// approval that counts.
    pub(super) fn asked<'a>(&self, caller: &Caller, waits: Waits<'a>, answered: impl Fn(&str) -> bool) -> Asked<'a> {
        let mut subject = self.subject(waits.team, waits.requester, waits.requester_name);
        let me = caller.account.name.as_str();
        subject.level = waits.level;
        let theirs = |by: &By| by.as_group().is_some_and(|group| caller.in_group(&group.id));
        subject.in_group = theirs(waits.level);
        subject.was_asked = waits.before.iter().any(|level| theirs(&level.by));
        subject.answered = answered(me);
        let own_right = self.decides(me, &waits);
        let from = self.handed.iter().filter(|handed| handed.to == me && !own_right);
        let mut from = from.filter(|handed| self.decides(&handed.from, &waits) && !answered(&handed.from));
        let on_behalf = from.next().map(|handed| handed.from.clone());
        subject.stands_in = on_behalf.is_some();
        Asked { subject, on_behalf }
    }

    /// Whether somebody of this name may decide by themselves.
    fn decides(&self, name: &str, waits: &Waits<'_>) -> bool {
        let answers = match waits.level {
            By::Managers => {
                let manages = self.managers.get(waits.team).is_some_and(|managers| managers.contains(name));
                let open = !self.other_than(waits.team, waits.requester_name);
                manages || (open && self.platform.contains(name))
            }
            By::Platform => self.platform.contains(name),
            By::Group(group) => self.groups.get(&group.id).is_some_and(|members| members.contains(name)),
        };
        name != waits.requester_name && answers
    }

    /// Whether somebody of this name, of whom nothing else is known yet, may decide: by themselves, or for another.
    pub(super) fn decides_unseen(&self, name: &str, waits: &Waits<'_>, answered: impl Fn(&str) -> bool) -> bool {
        let stood_for = self.handed.iter().filter(|handed| handed.to == name);
        let mut stood_for = stood_for.filter(|handed| self.decides(&handed.from, waits) && !answered(&handed.from));
        let may = self.decides(name, waits) || stood_for.next().is_some();
        may && name != waits.requester_name && !answered(name)
    }

    /// Whether somebody of this name decides on anything.
    pub(super) fn is_one(&self, name: &str) -> bool {
        let mut named = self.managers.values().chain(self.groups.values());
        self.platform.contains(name) || named.any(|names| names.contains(name))
    }

    /// Whether somebody has handed over to this name.
    pub(super) fn stands_in(&self, name: &str) -> bool {
        self.handed.iter().any(|handed| handed.to == name)
    }

    /// Everybody who decides on something, in order.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let named = self.managers.values().chain(self.groups.values()).flatten();
        named.chain(&self.platform).cloned().collect()
    }

    /// "A manager of team Payments", or who decides where there is no other.
    pub(super) fn words(&self, team: &TeamName, title: &str, requester_name: &str) -> String {
        match self.other_than(team, requester_name) {
            true => format!("A manager of team {title}"),
            false => "A platform engineer".to_owned(),
        }
    }
}

/// Milliseconds for which the answer is believed; a sign-in and a hand-over empty it.
const CACHED: i64 = 5_000;

#[derive(Default)]
pub(super) struct Cache(Mutex<Option<(Moment, Arc<Deciders>)>>);

impl Cache {
    pub(super) async fn read(
        &self,
        store: &Store,
        teams: &[TeamEntry],
        groups: &Groups,
        now: Moment,
    ) -> Answer<Arc<Deciders>> {
        if let Some((at, known)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
            && now.since(*at) < CACHED
        {
            return Ok(known.clone());
        }
        let failed = failed("reading who decides");
        let mut deciders = Deciders::default();
        for team in teams {
            deciders.managers.entry(team.name.clone()).or_default().extend(team.managers.iter().cloned());
        }
        for account in store::account::deciders(store).await.map_err(&failed)? {
            if account.roles.contains(&Role::PlatformEngineer) {
                deciders.platform.insert(account.name.clone());
            }
            for group in account.groups.iter().filter(|group| groups.title(group).is_some()) {
                deciders.groups.entry(group.clone()).or_default().insert(account.name.clone());
            }
            if account.roles.contains(&Role::Manager) {
                for team in account.teams {
                    deciders.managers.entry(team).or_default().insert(account.name.clone());
                }
            }
        }
        for (group, name) in store::approver::unseen(store).await.map_err(&failed)? {
            if groups.title(&group).is_some() {
                deciders.groups.entry(group).or_default().insert(name);
            }
        }
        // Whom the configuration still names has left all the same.
        for name in store::leaving::names(store).await.map_err(&failed)? {
            deciders.platform.remove(&name);
            for managers in deciders.managers.values_mut() {
                managers.remove(&name);
            }
        }
        deciders.handed = store::handover::open(store, now).await.map_err(&failed)?;
        let known = Arc::new(deciders);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, known.clone()));
        Ok(known)
    }

    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
