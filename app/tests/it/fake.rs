//! A portal that answers what a test gave it, and the rendering of one address over it.

mod programs;

use app::context::{Flash, Installation, Notice, Once, Sample, Site, Theme, Typed};
use app::error::PortalError;
use app::portal::{self, Answer, Draft, JobChange, Submission};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::Moment;
use domain::account::{Account, AccountId, Caller, Role};
use domain::feed;
use domain::field::FieldError;
use domain::form::{Choices, Form};
use domain::id::*;
use domain::name::{PolicyName, TeamName};
use domain::request::Decision;
use domain::view;
use domain::view::access::{Access as Could, Uses};
use futures::stream::BoxStream;
use http_body_util::BodyExt;
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use secrecy::SecretString;
use std::sync::Arc;
use tower::ServiceExt;

/// What the portal would answer; whatever a test does not give is not there.
#[derive(Clone)]
pub(crate) struct Fake {
    pub frame: Answer<view::Frame>,
    pub environments: Answer<view::environment::List>,
    pub environment: Answer<view::environment::Whole>,
    pub requests: Answer<view::Page<view::request::Row>>,
    pub request: Answer<view::request::Whole>,
    pub handing_over: view::request::HandingOver,
    pub plan: Answer<view::request::PlanPanel>,
    pub changing: Answer<view::request::Changing>,
    pub destruction: Answer<view::request::Destruction>,
    pub release: Answer<view::request::Release>,
    pub jobs: Answer<view::Page<view::job::Row>>,
    pub job: Answer<view::job::Whole>,
    pub audit: Answer<view::audit::List>,
    pub access: Answer<Could>,
    pub uses: Answer<Uses>,
    pub secrets: Answer<view::environment::Secrets>,
    pub policies: Answer<view::policy::List>,
    pub policy: Answer<view::policy::Whole>,
    pub typed: Typed,
    pub lines: Vec<view::job::Line>,
    pub sessions: Vec<view::session::Row>,
    pub notices: Answer<view::notice::List>,
    pub people: Answer<view::people::List>,
    pub behind: Vec<view::people::Behind>,
    pub tokens: Answer<view::token::List>,
    pub webhooks: Answer<view::webhook::List>,
    pub deliveries: Vec<view::webhook::Delivery>,
    pub once: Once,
    pub choices: Answer<Choices>,
    pub drafts: Vec<Draft>,
    pub caller: Option<Caller>,
    pub theme: Theme,
    pub flash: Option<Notice>,
}

pub(crate) fn caller() -> Caller {
    let account = Account {
        id: AccountId("tenant/manager".into()),
        name: "manager@contoso.example".into(),
        roles: vec![Role::Manager],
        teams: vec![TeamName::parse("payments").unwrap()],
        groups: Vec::new(),
    };
    Caller::person(account, None)
}

impl Default for Fake {
    fn default() -> Fake {
        let frame = view::Frame {
            offers: 0,
            account: "manager@contoso.example".into(),
            stands_for: "Team Payments, manager".into(),
            inbox: 0,
            requests: true,
            audit: true,
            people: false,
            webhooks: false,
        };
        Fake {
            frame: Ok(frame),
            environments: Err(PortalError::not_found()),
            environment: Err(PortalError::not_found()),
            requests: Err(PortalError::not_found()),
            request: Err(PortalError::not_found()),
            handing_over: view::request::HandingOver::default(),
            plan: Ok(view::request::PlanPanel::default()),
            changing: Err(PortalError::not_found()),
            destruction: Err(PortalError::not_found()),
            release: Err(PortalError::not_found()),
            jobs: Err(PortalError::not_found()),
            job: Err(PortalError::not_found()),
            audit: Err(PortalError::not_found()),
            access: Err(PortalError::not_found()),
            uses: Err(PortalError::not_found()),
            secrets: Err(PortalError::not_found()),
            policies: Err(PortalError::not_found()),
            policy: Err(PortalError::not_found()),
            typed: Typed::default(),
            lines: Vec::new(),
            sessions: Vec::new(),
            notices: Err(PortalError::not_found()),
            people: Err(PortalError::not_found()),
            behind: Vec::new(),
            tokens: Err(PortalError::not_found()),
            webhooks: Err(PortalError::not_found()),
            deliveries: Vec::new(),
            once: Once::default(),
            choices: Ok(Choices::default()),
            drafts: Vec::new(),
            caller: Some(caller()),
            theme: Theme::System,
            flash: None,
        }
    }
}

#[async_trait]
impl portal::Frames for Fake {
    async fn frame(&self, _: &Caller) -> Answer<view::Frame> {
        self.frame.clone()
    }
}

#[async_trait]
impl portal::Offers for Fake {
    async fn choices(&self, _: &Caller) -> Answer<Choices> {
        self.choices.clone()
    }
    async fn vault_name(&self, _: &Caller, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }
    async fn environment_name(&self, _: &Caller, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }
}

#[async_trait]
impl portal::Drafts for Fake {
    async fn drafts(&self, _: &Caller) -> Answer<Vec<Draft>> {
        Ok(self.drafts.clone())
    }
    async fn draft(&self, _: &Caller, id: &DraftId) -> Answer<Draft> {
        self.drafts.iter().find(|draft| draft.id == *id).cloned().ok_or_else(PortalError::not_found)
    }
    async fn save_draft(
        &self,
        _: &Caller,
        _: Option<&DraftId>,
        _: &Form,
        _: &[FieldError],
        _: bool,
    ) -> Answer<DraftId> {
        Ok(DraftId::new("draft"))
    }
    async fn drop_draft(&self, _: &Caller, _: &DraftId) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Environments for Fake {
    async fn environments(&self, _: &Caller, _: &view::environment::Filter) -> Answer<view::environment::List> {
        self.environments.clone()
    }
    async fn environment(&self, _: &Caller, _: &str) -> Answer<view::environment::Whole> {
        self.environment.clone()
    }
    async fn validate(&self, _: &Caller, _: &str) -> Answer<ValidationId> {
        Ok(ValidationId::new("run"))
    }
    async fn validated(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Requests for Fake {
    async fn plan(&self, _: &Caller, _: &Form, _: bool) -> Answer<view::request::PlanPanel> {
        self.plan.clone()
    }
    async fn submit(&self, _: &Caller, _: Submission) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn requests(&self, _: &Caller, _: view::request::Show, _: &str) -> Answer<view::Page<view::request::Row>> {
        self.requests.clone()
    }
    async fn request(&self, _: &Caller, _: &RequestId) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn decide(
        &self,
        _: &Caller,
        _: &RequestId,
        _: Decision,
        _: &str,
        _: &str,
        _: Option<u32>,
    ) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn withdraw(&self, _: &Caller, _: &RequestId) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn comment(&self, _: &Caller, _: &RequestId, _: &str) -> Answer<view::request::Whole> {
        self.request.clone()
    }
    async fn handing_over(&self, _: &Caller) -> Answer<view::request::HandingOver> {
        Ok(self.handing_over.clone())
    }
    async fn hand_over(&self, _: &Caller, _: &str, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn take_back(&self, _: &Caller) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Changes for Fake {
    async fn changing(&self, _: &Caller, _: &str) -> Answer<view::request::Changing> {
        self.changing.clone()
    }
    async fn plan_change(&self, _: &Caller, _: &str, _: &Form) -> Answer<view::request::PlanPanel> {
        self.plan.clone()
    }
    async fn submit_change(&self, _: &Caller, _: &str, _: &Form) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn look(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn submit_repair(&self, _: &Caller, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn destruction(&self, _: &Caller, _: &str, _: bool) -> Answer<view::request::Destruction> {
        self.destruction.clone()
    }
    async fn submit_destruction(&self, _: &Caller, _: &str, _: bool, _: &str, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn release(&self, _: &Caller, _: &str) -> Answer<view::request::Release> {
        self.release.clone()
    }
    async fn submit_release(&self, _: &Caller, _: &str, _: &str, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
}

#[async_trait]
impl portal::Feed for Fake {
    async fn events(&self, _: &Caller, _: &feed::Filter) -> Answer<feed::Page> {
        Err(PortalError::not_found())
    }
    async fn follow_events(&self, _: &Caller, _: &feed::Filter) -> Answer<BoxStream<'static, portal::FeedChange>> {
        Err(PortalError::not_found())
    }
    async fn events_of(&self, _: &Caller, _: &str, _: &feed::Filter) -> Answer<feed::Page> {
        Err(PortalError::not_found())
    }
    async fn follow_events_of(
        &self,
        _: &Caller,
        _: &str,
        _: &feed::Filter,
    ) -> Answer<BoxStream<'static, portal::FeedChange>> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Notices for Fake {
    async fn notices(&self, _: &Caller, _: &str, _: Option<u32>) -> Answer<view::notice::List> {
        self.notices.clone()
    }
    async fn choose_notices(&self, _: &Caller, _: &[domain::notice::Kind]) -> Answer<()> {
        Ok(())
    }
    async fn undelivered(&self, _: &Caller, _: &str, _: usize) -> Answer<view::notice::Deliveries> {
        Ok(view::notice::Deliveries::default())
    }
    async fn repeat_notice(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Sessions for Fake {
    async fn sessions(&self, _: &Caller, _: &str) -> Answer<Vec<view::session::Row>> {
        Ok(self.sessions.clone())
    }
    async fn end_session(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn end_other_sessions(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::People for Fake {
    async fn people(&self, _: &Caller, _: &view::people::Filter) -> Answer<view::people::List> {
        self.people.clone()
    }
    async fn person(&self, _: &Caller, account: &AccountId) -> Answer<view::people::Row> {
        let list = self.people.clone()?;
        list.rows.into_iter().find(|row| row.id == *account).ok_or_else(PortalError::not_found)
    }
    async fn mark_left(&self, _: &Caller, _: &AccountId) -> Answer<view::people::Ended> {
        Ok(view::people::Ended::default())
    }
    async fn mark_back(&self, _: &Caller, _: &AccountId) -> Answer<()> {
        Ok(())
    }
    async fn left_behind(&self, _: &Caller) -> Answer<Vec<view::people::Behind>> {
        Ok(self.behind.clone())
    }
    async fn take_on(&self, _: &Caller, _: &str) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Audit for Fake {
    async fn audit(&self, _: &Caller, _: &view::audit::Filter) -> Answer<view::audit::List> {
        self.audit.clone()
    }
    async fn audit_export(
        &self,
        _: &Caller,
        _: &view::audit::Filter,
        _: view::audit::Form,
    ) -> Answer<BoxStream<'static, Answer<String>>> {
        Err(PortalError::not_found())
    }
    async fn evidence(&self, _: &Caller, _: &str) -> Answer<Vec<u8>> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Access for Fake {
    async fn access(&self, _: &Caller, _: &str, _: &view::access::Filter) -> Answer<(Could, Answer<Uses>)> {
        Ok((self.access.clone()?, self.uses.clone()))
    }
}

#[async_trait]
impl portal::Policies for Fake {
    async fn policies(&self, _: &Caller) -> Answer<view::policy::List> {
        self.policies.clone()
    }
    async fn policy(&self, _: &Caller, _: &str, _: Option<u32>, _: u32) -> Answer<view::policy::Whole> {
        self.policy.clone()
    }
    async fn write_policy(&self, _: &Caller, _: Option<&str>, _: u32, _: &str) -> Answer<(PolicyName, u32)> {
        Err(PortalError::not_found())
    }
    async fn switch_policy(&self, _: &Caller, _: &str, _: Option<u32>, _: Option<u32>) -> Answer<()> {
        Ok(())
    }
}

#[async_trait]
impl portal::Jobs for Fake {
    async fn jobs(&self, _: &Caller, _: &view::job::Filter) -> Answer<view::Page<view::job::Row>> {
        self.jobs.clone()
    }
    async fn job(&self, _: &Caller, _: &JobId) -> Answer<view::job::Whole> {
        self.job.clone()
    }
    async fn lines(&self, _: &Caller, _: &JobId, after: i64) -> Answer<Vec<view::job::Line>> {
        Ok(self.lines.iter().filter(|line| line.number > after).cloned().collect())
    }
    async fn tail(&self, _: &Caller, _: &JobId, _: i64, _: &str) -> Answer<view::job::Tail> {
        Ok(view::job::Tail { lines: self.lines.clone(), earlier: 0 })
    }
    async fn follow(&self, _: &Caller, _: &JobId, _: i64) -> Answer<BoxStream<'static, JobChange>> {
        Err(PortalError::not_found())
    }
    async fn rests(&self, _: &Caller, _: &JobId) -> Answer<()> {
        Ok(())
    }
    async fn cancel(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn retry(&self, _: &Caller, _: &JobId, _: Option<SecretString>, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn change_vault_name(&self, _: &Caller, _: &JobId, _: &str) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn plan_again(&self, _: &Caller, _: &JobId) -> Answer<RequestId> {
        Ok(RequestId::new("request"))
    }
    async fn roll_back(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
    async fn take_over(&self, _: &Caller, _: &JobId, _: &str) -> Answer<()> {
        Ok(())
    }
}

/// No page asks these.
#[async_trait]
impl portal::Plans for Fake {
    async fn make_plan(&self, _: &Caller, _: &portal::Asking) -> Answer<view::plan::Made> {
        Err(PortalError::not_found())
    }
    async fn made_plan(&self, _: &Caller, _: &PlanId) -> Answer<view::plan::Made> {
        Err(PortalError::not_found())
    }
    async fn submit_plan(&self, _: &Caller, _: &PlanId, _: portal::Sent) -> Answer<RequestId> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Wishes for Fake {
    async fn wish(&self, _: &Caller, _: &str) -> Answer<Form> {
        Err(PortalError::not_found())
    }
    async fn put(&self, _: &Caller, _: &str, _: &Form, _: Option<SecretString>) -> Answer<portal::Put> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Teams for Fake {
    async fn templates(&self, _: &Caller) -> Answer<Vec<domain::template::Template>> {
        Ok(Vec::new())
    }
    async fn teams(&self, _: &Caller) -> Answer<Vec<view::team::Row>> {
        Ok(Vec::new())
    }
    async fn quotas(&self, _: &Caller) -> Answer<Vec<view::team::Holds>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl portal::Lists for Fake {
    async fn environment_rows(
        &self,
        _: &Caller,
        _: &view::environment::Filter,
        _: usize,
    ) -> Answer<portal::Rows<view::environment::Row>> {
        Ok((Vec::new(), None))
    }
    async fn request_rows(
        &self,
        _: &Caller,
        _: &view::request::Filter,
        _: &str,
        _: usize,
    ) -> Answer<portal::Rows<view::request::Row>> {
        Ok((Vec::new(), None))
    }
    async fn validations(
        &self,
        _: &Caller,
        _: &str,
        _: &str,
        _: usize,
    ) -> Answer<portal::Rows<view::environment::Validation>> {
        Ok((Vec::new(), None))
    }
    async fn validation(&self, _: &Caller, _: &str, _: Option<&ValidationId>) -> Answer<view::environment::Validation> {
        Err(PortalError::not_found())
    }
}

#[async_trait]
impl portal::Secrets for Fake {
    async fn secrets(&self, _: &Caller, _: &str) -> Answer<view::environment::Secrets> {
        self.secrets.clone()
    }
    async fn secret(&self, _: &Caller, _: &str, _: &str) -> Answer<view::environment::Secret> {
        Err(PortalError::not_found())
    }
    async fn set_secret(
        &self,
        _: &Caller,
        _: &str,
        _: &str,
        _: Option<&str>,
        _: SecretString,
    ) -> Answer<view::environment::Secret> {
        Err(PortalError::not_found())
    }
}

pub(crate) fn installation() -> Installation {
    let sample =
        |account: &str, note: &str| Sample { account: format!("{account}@contoso.example"), note: note.into() };
    Installation {
        version: "0.1.0".into(),
        footer: Some("Azure is simulated here, waits are 30 times shorter".into()),
        provider: "contoso.example".into(),
        samples: vec![
            sample("member", "Payments"),
            sample("third-member", "Payments"),
            sample("second-member", "Catalogue"),
            sample("manager", "decides for Payments"),
            sample("second-manager", "decides for Catalogue"),
            sample("platform-engineer", "runs Keystead"),
            sample("auditor", "sees everything"),
        ],
    }
}

/// The status and the document at an address.
pub(crate) async fn page(fake: Fake, path: &str) -> (StatusCode, String) {
    let options = LeptosOptions::builder().output_name("app").build();
    let context = move || {
        provide_context::<Arc<dyn portal::Portal>>(Arc::new(fake.clone()));
        provide_context(fake.caller.clone());
        provide_context(installation());
        provide_context(Site::default());
        provide_context(fake.theme);
        provide_context(Flash(fake.flash.clone()));
        provide_context(fake.typed.clone());
        provide_context(fake.once.clone());
    };
    let router: Router = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(app::App), context.clone(), app::shell::shell)
        .fallback(leptos_axum::render_app_async_with_context(context, app::shell::shell))
        .with_state(options);
    let asked = Request::get(path).body(Body::empty()).unwrap();
    let answer = router.oneshot(asked).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Every test's present: 23 Nov 2026, 11:26:45 UTC.
pub(crate) const NOW: Moment = Moment(1_795_433_205_000);

pub(crate) fn ago(seconds: i64) -> Moment {
    NOW.plus(-seconds * 1000)
}
