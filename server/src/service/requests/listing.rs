//! Requests as pages show them: rows, what waits for the caller, and one whole request with what may be done.

use super::deciding::refuse_decided;
use crate::service::deciders::Deciders;
use crate::service::error::failed;
use crate::service::{Service, can, visible};
use crate::store::{self, request::Request};
use app::portal::Answer;
use domain::account::Caller;
use domain::cost::Costing;
use domain::permission::{Action, Answer as Permission, may};
use domain::plan::Verb;
use domain::view::request::{Row, Show, Whole};
use domain::view::{Can, Page};
use domain::wish::{AppIdentity, TeamRole, Wish};

/// Rows of one page.
const PAGE: i64 = 50;
/// Open requests that an inbox looks at; they expire after seven days.
const MOST_WAITING: i64 = 1_000;

impl Service {
    pub(super) async fn list_requests(&self, caller: &Caller, show: Show, after: &str) -> Answer<Page<Row>> {
        let failed = failed("listing requests");
        let teams = visible(caller);
        let teams = teams.as_deref();
        match show {
            Show::Inbox => self.inbox(caller, teams).await,
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
    async fn inbox(&self, caller: &Caller, teams: Option<&[String]>) -> Answer<Page<Row>> {
        let deciders = self.deciders().await?;
        let waiting = store::request::waiting(&self.store, teams, "", MOST_WAITING).await;
        let mine = |request: &Request| {
            let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
            may(caller, Action::Decide, &subject) == Permission::Allowed
        };
        let rows: Vec<Row> = waiting
            .map_err(failed("listing requests"))?
            .iter()
            .filter(|request| mine(request))
            .map(|request| self.request_row(request))
            .collect();
        Ok(Page { total: i64::try_from(rows.len()).unwrap_or(i64::MAX), rows, next: None })
    }

    fn page(&self, mut requests: Vec<Request>, total: i64) -> Page<Row> {
        let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let more = requests.len() > page;
        requests.truncate(page);
        let next = requests.last().filter(|_| more).map(|last| last.id.to_string());
        Page { rows: requests.iter().map(|request| self.request_row(request)).collect(), total, next }
    }

    fn request_row(&self, request: &Request) -> Row {
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
            at_stake: at_stake(&request.wish),
            creates: request.plan.count(Verb::Create),
            changes: request.plan.count(Verb::Change) + request.plan.count(Verb::Replace),
            deletes: request.plan.count(Verb::Delete),
            cost: request.cost.as_ref().map(Costing::monthly),
            decided_by: request.decided_by_name.clone(),
            decided_at: request.decided_at,
        }
    }

    pub(super) fn whole(&self, caller: &Caller, request: Request, deciders: &Deciders) -> Whole {
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        let now = self.clock.now();
        let open = |can: Can| match refuse_decided(&request, now) {
            Err(error) if can.allowed => Can::no(error.message),
            _ => can,
        };
        let title = self.team(&request.team).title;
        Whole {
            row: self.request_row(&request),
            decider: deciders.words(&request.team, &title, &request.requester_name),
            decide: open(can(caller, Action::Decide, &subject)),
            withdraw: open(can(caller, Action::Withdraw, &subject)),
            wish: request.wish,
            former: request.former,
            plan: request.plan,
            cost: request.cost,
            digest: request.digest,
            comment: request.comment,
            job: request.job,
            now,
        }
    }
}

/// What a list shows of a wish at a glance.
fn at_stake(wish: &Wish) -> Vec<String> {
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
    stake
}
