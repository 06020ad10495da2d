//! A portal that answers what a test gave it, and the rendering of one address over it.

mod environments;
mod people;
mod programs;
mod requests;

use app::context::{Flash, Installation, Notice, Once, Sample, Site, Theme, Typed};
use app::error::PortalError;
use app::portal::{self, Answer, Draft};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::Moment;
use domain::account::{Account, AccountId, Caller, Role};
use domain::form::Choices;
use domain::name::TeamName;
use domain::view;
use domain::view::access::{Access as Could, Uses};
use http_body_util::BodyExt;
use leptos::prelude::{LeptosOptions, provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
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

/// No page asks these.
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
