//! Requests: asked with a frozen plan and a held name, decided once, taken back, or left to expire.

use super::choices::NAME_HELD;
use super::deciders::Deciders;
use super::error::{failed, internal};
use super::{Service, can, permit, visible};
use crate::store::request::{Ending, Request};
use crate::store::{self, Change, job::Job, timer};
use app::error::{Code, PortalError};
use app::portal::{Answer, Requests, Submission};
use async_trait::async_trait;
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::{Choices, Form, PASSWORD};
use domain::id::{EnvironmentId, JobId, RequestId};
use domain::job::Event;
use domain::permission::{Action, Answer as Permission, may};
use domain::plan::{Finding, Plan, Verb, Weight};
use domain::request::{Decision, Kind, State, VALID_MILLIS};
use domain::view::request::{PlanPanel, Row, Show, Whole};
use domain::view::{Can, Page};
use domain::wish::{AppIdentity, Database, PasswordFrom, TeamRole, Wish};
use domain::{Moment, naming};
use secrecy::SecretString;
use uuid::Uuid;

/// Rows of one page.
const PAGE: i64 = 50;
/// Open requests that an inbox looks at; they expire after seven days.
const MOST_WAITING: i64 = 1_000;

#[async_trait]
impl Requests for Service {
    async fn plan(&self, caller: &Caller, form: &Form, password_typed: bool) -> Answer<PlanPanel> {
        let choices = self.may_ask(caller)?;
        let mut panel = PlanPanel { errors: wrong_answers(form, &choices, password_typed), ..PlanPanel::default() };
        // The password changes nothing of the plan, so that a plan without it can be shown.
        let Ok(wish) = form.parse(&choices, true) else { return Ok(panel) };
        let team = self.team(&wish.team);
        let words = self.deciders().await?.words(&wish.team, &team.title, &caller.account.name);
        panel.decider = format!("{words} decides.");
        let held = store::environment::held(&self.store, wish.name.as_str()).await;
        if held.map_err(failed("looking for a name"))? {
            panel.errors.push(FieldError::new("name", NAME_HELD));
        }
        let unreachable = |error: PortalError| error.message;
        match self.plan_of(&wish, &EnvironmentId::new("new")).await {
            Ok(mut plan) => {
                match self.vault_taken(&wish.vault.name).await {
                    Ok(sentence) => plan.findings.extend(sentence.map(vault_finding)),
                    Err(error) => panel.unreachable = Some(error.message),
                }
                panel.plan = Some(plan);
            }
            Err(error) => panel.unreachable = Some(unreachable(error)),
        }
        panel.looked = panel.unreachable.is_none().then(|| self.clock.now());
        Ok(panel)
    }

    async fn submit(&self, caller: &Caller, submission: Submission) -> Answer<RequestId> {
        let choices = self.may_ask(caller)?;
        let wish = submission.form.parse(&choices, submission.password.is_some()).map_err(PortalError::invalid)?;
        self.free_names(&wish).await?;
        let (environment, request) = (EnvironmentId::new(new_id()), RequestId::new(new_id()));
        let plan = self.plan_of(&wish, &environment).await?;
        refuse_denied(&plan)?;
        let password = self.password(&wish, submission.password).await?;
        let sealed = self.seal.seal(&request, &password).map_err(|error| internal("sealing a password", &error))?;
        let now = self.clock.now();
        let row = self.sent(caller, Kind::Create, (&request, &environment), &wish, plan, None, now);
        let write = async {
            let mut tx = self.store.begin().await?;
            let owner = (&caller.account.id, caller.account.name.as_str());
            store::environment::add(&mut tx, &environment, owner, &wish, &search(&wish, owner.1), now).await?;
            store::request::add(&mut tx, &row).await?;
            store::sealed::keep(&mut tx, &request, &sealed, now).await?;
            timer::set(&mut tx, timer::REQUEST, request.as_str(), row.lapses_at).await?;
            if let Some(draft) = &submission.draft {
                store::draft::drop_one(&mut tx, &caller.account.id, draft).await?;
            }
            tx.commit().await
        };
        match write.await {
            Ok(()) => {
                self.store.announce(Change::Environment(environment)).await;
                Ok(request)
            }
            Err(store::Error::Taken(_)) => Err(PortalError::invalid(vec![FieldError::new("name", NAME_HELD)])),
            Err(error) => Err(internal("sending a request", &error)),
        }
    }

    async fn requests(&self, caller: &Caller, show: Show, after: &str) -> Answer<Page<Row>> {
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

    async fn request(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        Ok(self.whole(caller, request, &deciders))
    }

    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
    ) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::Decide, &subject)?;
        let comment = comment.trim();
        if decision == Decision::Reject && comment.is_empty() {
            let said = "Say why, so that the next request can be a better one.";
            return Err(PortalError::invalid(vec![FieldError::new("comment", said)]));
        }
        let now = self.clock.now();
        let wanted = match decision {
            Decision::Approve => State::Approved,
            Decision::Reject => State::Rejected,
        };
        if request.state == wanted && request.decided_by_name.as_deref() == Some(caller.account.name.as_str()) {
            return Ok(self.whole(caller, request, &deciders)); // the same click, twice
        }
        refuse_decided(&request, now)?;
        if decision == Decision::Approve && digest.trim() != request.digest {
            return Err(PortalError::conflict("This is not the plan that you looked at. Read it again, then decide."));
        }
        let ended = match decision {
            Decision::Approve => self.approve(caller, &request, comment, now).await?,
            Decision::Reject => self.refuse(&request, State::Rejected, caller, comment, now).await?,
        };
        let (request, deciders) = self.seen_request(caller, id).await?;
        match ended {
            true => Ok(self.whole(caller, request, &deciders)),
            false
                if request.state == wanted
                    && request.decided_by_name.as_deref() == Some(caller.account.name.as_str()) =>
            {
                Ok(self.whole(caller, request, &deciders))
            }
            false => Err(decided_already(&request)),
        }
    }

    async fn withdraw(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::Withdraw, &subject)?;
        if request.state == State::Withdrawn {
            return Ok(self.whole(caller, request, &deciders));
        }
        let now = self.clock.now();
        refuse_decided(&request, now)?;
        let ended = self.refuse(&request, State::Withdrawn, caller, "", now).await?;
        let (request, deciders) = self.seen_request(caller, id).await?;
        match ended || request.state == State::Withdrawn {
            true => Ok(self.whole(caller, request, &deciders)),
            false => Err(decided_already(&request)),
        }
    }
}

impl Service {
    /// The request, if the caller may see it, and who decides.
    async fn seen_request(&self, caller: &Caller, id: &RequestId) -> Answer<(Request, std::sync::Arc<Deciders>)> {
        let found = store::request::find(&self.store, id).await.map_err(failed("reading a request"))?;
        let request = found.ok_or_else(PortalError::not_found)?;
        let deciders = self.deciders().await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::See, &subject)?;
        Ok((request, deciders))
    }

    /// Both names that must be free. Azure that does not answer stops nobody: the step that makes the vault asks again.
    pub(super) async fn free_names(&self, wish: &Wish) -> Answer<()> {
        let mut errors = Vec::new();
        let failed = failed("looking for a name");
        if store::environment::held(&self.store, wish.name.as_str()).await.map_err(&failed)? {
            errors.push(FieldError::new("name", NAME_HELD));
        }
        errors.extend(self.vault_error(wish.vault.name.as_str()).await?);
        match self.vault_taken(&wish.vault.name).await {
            Ok(Some(sentence)) => errors.push(FieldError::new("vault_name", sentence)),
            Ok(None) => {}
            Err(error) if error.code == Code::Unavailable => {}
            Err(error) => return Err(error),
        }
        if errors.is_empty() { Ok(()) } else { Err(PortalError::invalid(errors)) }
    }

    /// Another environment here was promised the same vault name.
    pub(super) async fn vault_error(&self, vault: &str) -> Answer<Option<FieldError>> {
        let held = store::environment::vault_held(&self.store, vault).await.map_err(failed("looking for a name"))?;
        Ok(held
            .then(|| FieldError::new("vault_name", "Another environment here has this vault name. Take another one.")))
    }

    /// Typed, or read from the file that the configuration names for the template.
    async fn password(&self, wish: &Wish, typed: Option<SecretString>) -> Answer<SecretString> {
        let Database::Named { password_from, .. } = &wish.database;
        let missing = || {
            let said = "Type the password of this database user; it is sealed at once and shown to nobody.";
            PortalError::invalid(vec![FieldError::new(PASSWORD, said)])
        };
        match password_from {
            PasswordFrom::Typed => typed.ok_or_else(missing),
            PasswordFrom::Template => {
                let path = self.password_files.get(&wish.template.name).ok_or_else(missing)?;
                let text = tokio::fs::read_to_string(path).await.map_err(|error| {
                    let what = format!("reading the password file of template {}", wish.template.name);
                    let mut told = internal(&what, &error);
                    told.code = Code::Unavailable;
                    told.message =
                        "The template's database password cannot be read; tell whoever runs Keystead.".into();
                    told
                })?;
                Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }

    /// A request as it is sent now.
    #[allow(clippy::too_many_arguments)] // one row, in the order of its columns
    pub(super) fn sent(
        &self,
        caller: &Caller,
        kind: Kind,
        (id, environment): (&RequestId, &EnvironmentId),
        wish: &Wish,
        plan: Plan,
        job: Option<JobId>,
        now: Moment,
    ) -> Request {
        Request {
            id: id.clone(),
            kind,
            environment: environment.clone(),
            environment_name: wish.name.to_string(),
            team: wish.team.clone(),
            requester: caller.account.id.clone(),
            requester_name: caller.account.name.clone(),
            wish: wish.clone(),
            digest: plan.digest(),
            plan,
            state: State::Waiting,
            sent_at: now,
            lapses_at: now.plus(VALID_MILLIS),
            decided_by_name: None,
            decided_at: None,
            comment: None,
            job,
        }
    }

    /// Ends the waiting and begins the job, or lets the held one go on; false where somebody was first.
    async fn approve(&self, caller: &Caller, request: &Request, comment: &str, now: Moment) -> Answer<bool> {
        let job = request.job.clone().unwrap_or_else(|| JobId::new(new_id()));
        let approve = || async {
            let mut tx = self.store.begin().await?;
            let ending = Ending {
                state: State::Approved,
                by: Some((&caller.account.id, &caller.account.name, caller.way)),
                comment: Some(comment).filter(|comment| !comment.is_empty()),
                job: Some(&job),
            };
            if !store::request::end(&mut tx, &request.id, &ending, now).await? {
                return Ok(None);
            }
            timer::stop(&mut tx, timer::REQUEST, request.id.as_str()).await?;
            let wish = &request.wish;
            let search = search(wish, &request.requester_name);
            store::environment::approved(&mut tx, &request.environment, wish, &search, now).await?;
            match request.kind {
                Kind::Create => {
                    store::job::create(&mut tx, &self.job_of(caller, request, &job, now)).await?;
                }
                Kind::Rename => {
                    store::job::change_wish(&mut tx, &job, wish, &self.recipe.outline(wish)).await?;
                    let by = caller.account.name.clone();
                    store::event::tell(&mut tx, &job, now, Event::Released { by }).await?;
                }
            }
            tx.commit().await?;
            Ok::<_, store::Error>(Some(()))
        };
        let ended = once_more(approve).await.map_err(failed("approving a request"))?;
        self.store.announce(Change::Job(job)).await;
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(ended.is_some())
    }

    fn job_of(&self, caller: &Caller, request: &Request, id: &JobId, now: Moment) -> Job {
        Job {
            id: id.clone(),
            environment: request.environment.clone(),
            environment_name: request.environment_name.clone(),
            team: request.team.clone(),
            request: request.id.clone(),
            title: format!("Create {}", request.environment_name),
            recipe: self.recipe.name().to_owned(),
            wish: request.wish.clone(),
            outline: self.recipe.outline(&request.wish),
            asked_by: request.requester_name.clone(),
            approved_by: caller.account.name.clone(),
            approved_at: now,
            created_at: now,
        }
    }

    async fn refuse(&self, request: &Request, state: State, by: &Caller, comment: &str, now: Moment) -> Answer<bool> {
        let ending = Ending {
            state,
            by: Some((&by.account.id, &by.account.name, by.way)),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
            job: None,
        };
        store::unapproved::end(&self.store, request, &ending, now).await.map_err(failed("ending a request"))
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
            decided_by: request.decided_by_name.clone(),
            decided_at: request.decided_at,
        }
    }

    fn whole(&self, caller: &Caller, request: Request, deciders: &Deciders) -> Whole {
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
            plan: request.plan,
            digest: request.digest,
            comment: request.comment,
            job: request.job,
            now,
        }
    }
}

/// Again where a worker wrote to the job's log in between.
async fn once_more<T, F: Future<Output = Result<T, store::Error>>>(deed: impl Fn() -> F) -> Result<T, store::Error> {
    loop {
        match deed().await {
            Err(store::Error::Behind) => {}
            other => return other,
        }
    }
}

fn wrong_answers(form: &Form, choices: &Choices, password_typed: bool) -> Vec<FieldError> {
    form.parse(choices, password_typed).err().unwrap_or_default()
}

fn vault_finding(sentence: String) -> Finding {
    Finding { weight: Weight::Deny, field: Some("vault_name".to_owned()), sentence }
}

/// A plan with a denial is not sent: each denial stands beside its field.
pub(super) fn refuse_denied(plan: &Plan) -> Answer<()> {
    let denied = plan.findings.iter().filter(|finding| finding.weight == Weight::Deny);
    let errors: Vec<FieldError> = denied
        .map(|finding| FieldError::new(finding.field.clone().unwrap_or_default(), finding.sentence.clone()))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(PortalError::invalid(errors)) }
}

/// Only an open request that has not lapsed can be decided or taken back.
fn refuse_decided(request: &Request, now: Moment) -> Answer<()> {
    match request.state {
        State::Waiting if now >= request.lapses_at => {
            Err(PortalError::conflict("The request has expired. Ask anew: the plan may be another one by now."))
        }
        State::Waiting => Ok(()),
        _ => Err(decided_already(request)),
    }
}

fn decided_already(request: &Request) -> PortalError {
    let by = request.decided_by_name.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    let word = match request.state {
        State::Approved => "was approved",
        State::Rejected => "was rejected",
        State::Withdrawn => "was withdrawn",
        State::Expired => "has expired",
        State::Waiting => "waits",
    };
    PortalError::conflict(format!("The request {word}{by} already."))
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

/// What the list's search finds an environment by: lower case, each word between spaces.
pub(super) fn search(wish: &Wish, owner: &str) -> String {
    let words = [
        wish.name.to_string(),
        owner.to_owned(),
        naming::resource_group(wish),
        naming::cluster(wish),
        naming::app_identity(wish),
        naming::workspace(wish),
        format!("vault:{}", wish.vault.name),
    ];
    format!(" {} ", words.join(" ")).to_lowercase()
}

/// Rises with time, so that it can order and be a cursor.
pub(super) fn new_id() -> String {
    Uuid::now_v7().to_string()
}
