//! Requests as pages show them: rows, what waits for the caller, and one whole request with what may be done.

use super::Seen;
use super::deciding::refuse_decided;
use crate::service::error::failed;
use crate::service::frames::approvals;
use crate::service::{Service, can, visible};
use crate::store::{self, request::Request};
use app::portal::Answer;
use domain::account::Caller;
use domain::approval::{self, By, Entry, standing};
use domain::cost::Costing;
use domain::permission::{Action, Answer as Permission, Subject, may};
use domain::plan::Verb;
use domain::policy::Effect;
use domain::request::State;
use domain::view::request::{Level, LevelStand, Row, Show, Whole};
use domain::view::{Can, Page};
use domain::wish::{AppIdentity, TeamRole};

/// Rows of one page.
const PAGE: i64 = 50;
/// Decided requests beside an inbox.
const LATELY: i64 = 10;
/// Open requests that an inbox looks at; they expire after seven days.
const MOST_WAITING: i64 = 1_000;

impl Service {
    pub(super) async fn list_requests(&self, caller: &Caller, show: Show, after: &str) -> Answer<Page<Row>> {
        let failed = failed("listing requests");
        let teams = visible(caller);
        let teams = teams.as_deref();
        match show {
            Show::Inbox => self.inbox(caller, teams).await,
            Show::Decided => {
                let rows = store::request::decided(&self.store, teams, LATELY).await.map_err(&failed)?;
                let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                Ok(self.page(rows, total))
            }
            Show::All => {
                let rows = store::request::list(&self.store, teams, after, PAGE + 1).await.map_err(&failed)?;
                let total = store::request::count(&self.store, teams, None).await.map_err(&failed)?;
                Ok(self.page(rows, total))
            }
            Show::Mine => {
                let me = &caller.account.id;
                let rows = store::request::of(&self.store, me, after, PAGE + 1).await.map_err(&failed)?;
                let total = store::request::count(&self.store, None, Some(me)).await.map_err(&failed)?;
                Ok(self.page(rows, total))
            }
        }
    }

    /// What waits for this caller, oldest first.
    pub(in crate::service) async fn inbox(&self, caller: &Caller, teams: Option<&[String]>) -> Answer<Page<Row>> {
        let deciders = self.deciders().await?;
        let failed = failed("listing requests");
        // What somebody of another team has handed over is of that team, and a group is asked for every team.
        let teams = teams.filter(|_| !deciders.stands_in(&caller.account.name) && !caller.is_asked());
        let waiting = store::request::waiting(&self.store, teams, "", MOST_WAITING).await.map_err(&failed)?;
        let approved = approvals(&self.store).await.map_err(&failed)?;
        let mine = |request: &Request| {
            let names = approved.get(&request.id);
            let answered = |name: &str| names.is_some_and(|names| names.iter().any(|known| known == name));
            let asked = deciders.asked(caller, request.into(), answered);
            may(caller, Action::Decide, &asked.subject) == Permission::Allowed
        };
        let rows = waiting.iter().filter(|request| mine(request)).map(|request| self.request_row(request));
        let rows: Vec<Row> = rows.collect();
        Ok(Page { total: i64::try_from(rows.len()).unwrap_or(i64::MAX), rows, next: None })
    }

    fn page(&self, mut requests: Vec<Request>, total: i64) -> Page<Row> {
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let more = requests.len() > page;
        requests.truncate(page);
        let next = requests.last().filter(|_| more).map(|last| last.id.to_string());
        Page { rows: requests.iter().map(|request| self.request_row(request)).collect(), total, next }
    }

    pub(in crate::service) fn request_row(&self, request: &Request) -> Row {
        Row {
            id: request.id.clone(),
            kind: request.kind,
            environment: request.environment_name.clone(),
            team: self.team(&request.team).title,
            state: request.state,
            requester: request.requester_name.clone(),
            sent: request.sent_at,
            lapses: request.lapses_at,
            reason: request.wish.reason.clone(),
            at_stake: at_stake(request),
            creates: request.plan.count(Verb::Create),
            changes: request.plan.count(Verb::Change) + request.plan.count(Verb::Replace),
            deletes: request.plan.count(Verb::Delete),
            cost: request.cost.as_ref().map(Costing::monthly),
            findings: request.plan.findings.len(),
            decided_by: request.decided_by_name.clone(),
            decided_at: request.decided_at,
        }
    }

    pub(super) fn whole(&self, caller: &Caller, seen: Seen) -> Whole {
        let whose = seen.whose(caller);
        let now = self.clock.now();
        let open = |can: Can| match refuse_decided(&seen.request, now) {
            Err(error) if can.allowed => Can::no(error.message),
            _ => can,
        };
        let (decide, withdraw) =
            (open(can(caller, Action::Decide, &whose.subject)), open(can(caller, Action::Withdraw, &whose.subject)));
        let (remark, on_behalf) = (can(caller, Action::Comment, &whose.subject), whose.on_behalf);
        let title = self.team(&seen.request.team).title;
        let decider = seen.deciders.words(&seen.request.team, &title, &seen.request.requester_name);
        let Seen { request, record, .. } = seen;
        // Whoever decides for another team, or for a group, sees what asks them and not what it begins.
        let follows = may(caller, Action::See, &Subject::of(&request.team, None)).allowed();
        Whole {
            row: self.request_row(&request),
            levels: levels(&request, &record, &decider),
            decider: request.rule.level(request.level).words(&decider),
            level: request.level,
            comment_needed: request.rule.comment,
            decide,
            on_behalf,
            withdraw,
            remark,
            wish: request.wish,
            former: request.former,
            plan: request.plan,
            cost: request.cost,
            digest: request.digest,
            comment: request.comment,
            record,
            job: request.job.filter(|_| follows),
            now,
        }
    }
}

/// The levels with who has approved; one that ended the waiting otherwise is nobody's any more.
fn levels(request: &Request, record: &[Entry], managers: &str) -> Vec<Level> {
    let one = |(number, level): (usize, &approval::Level)| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let here = standing(record, request.round).filter(|entry| entry.level == number);
        let named = here.filter_map(|entry| match (&entry.by, &entry.on_behalf) {
            (Some(by), Some(from)) => Some(format!("{by} for {from}")),
            (by, _) => by.clone(),
        });
        let stand = match request.state {
            State::Approved => LevelStand::Approved,
            State::Waiting if number < request.level => LevelStand::Approved,
            State::Waiting if number == request.level => LevelStand::Asked,
            State::Waiting => LevelStand::Later,
            _ if number < request.level => LevelStand::Approved,
            _ => LevelStand::Over,
        };
        let mut approved: Vec<String> = named.collect();
        // Approved before there was a record.
        if approved.is_empty() && request.state == State::Approved {
            approved.extend(request.decided_by_name.clone());
        }
        let why = if level.by == By::Platform { asks_the_platform(request) } else { None };
        let group = level.by.as_group().map(|group| group.title.clone());
        Level { who: level.words(managers), approvers: level.approvers, approved, group, why, stand }
    };
    request.rule.levels.iter().enumerate().map(one).collect()
}

/// What policies say that asks for a platform engineer.
fn asks_the_platform(request: &Request) -> Option<String> {
    let asks = request.plan.findings.iter().filter(|found| found.effect() == Some(Effect::Approval));
    let said: Vec<&str> = asks.map(|found| found.sentence.as_str()).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// What a list shows of a wish at a glance.
fn at_stake(request: &Request) -> Vec<String> {
    let wish = &request.wish;
    let mut stake = vec![format!("{} × {}", wish.cluster.nodes, wish.cluster.node_size)];
    if wish.roles.app_identity == AppIdentity::AgentPool {
        stake.push("agent pool identity".to_owned());
    }
    if wish.roles.team_role == TeamRole::SecretsOfficer {
        stake.push("team reads secrets".to_owned());
    }
    if wish.vault.purge_protection {
        stake.push("purge protection".to_owned());
    }
    let rest = request.rule.levels.iter().skip(request.level as usize + 1);
    for level in rest.filter(|_| request.state == State::Waiting) {
        match &level.by {
            By::Managers => {}
            By::Platform => stake.push("platform approves too".to_owned()),
            By::Group(group) => stake.push(format!("{} approves too", group.title)),
        }
    }
    stake
}
