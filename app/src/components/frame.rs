//! The frame of every page behind sign-in: bar with navigation and account, what the last post said, foot.

use super::glyph::icon;
use super::notice;
use super::refused::refused;
use crate::context::{Flash, Installation, Theme};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::Frame;
use domain::view::audit::Filter;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_router::hooks::use_location;

/// Which entry of the navigation a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Environments,
    Requests,
    Approvals,
    Jobs,
    Policies,
    Audit,
    /// None of them.
    Elsewhere,
}

/// The mark: an arch with its keystone in the accent.
pub fn mark() -> AnyView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path class="mark-stone" d="M2 21.5V13A10 10 0 0 1 7.48 4.08L9.39 9.33A4.5 4.5 0 0 0 7.5 13v8.5zM22 21.5V13A10 10 0 0 0 16.52 4.08L14.61 9.33A4.5 4.5 0 0 1 16.5 13v8.5z"></path>
            <path class="mark-key" d="M7.96 1.8h8.08l-2.81 7.72h-2.46z"></path>
        </svg>
    }
    .into_any()
}

/// A page in its frame: what it asked for, shown, or why it cannot be.
pub fn framed<T: Send + 'static>(
    place: Place,
    asked: impl Future<Output = Answer<T>> + Send + 'static,
    show: fn(T, &Frame) -> AnyView,
) -> AnyView {
    let here = here();
    let installation = use_context::<Installation>().unwrap_or_default();
    let theme = use_context::<Theme>().unwrap_or_default();
    let said = use_context::<Flash>().and_then(|flash| flash.0).map(|said| notice::of_post(&said));
    let page = Suspend::new(async move {
        let frame = frame().await;
        let inside = match (&frame, asked.await) {
            (Ok(frame), Ok(found)) => show(found, frame),
            (Err(error), _) => refused(error.clone()),
            (_, Err(error)) => refused(error),
        };
        let bar = match frame {
            Ok(frame) => bar(place, frame, theme, here),
            Err(_) => signed_out(),
        };
        let whole = view! {
            {bar}
            <main id="main" tabindex="-1">{said}{inside}</main>
            {foot(installation)}
        };
        // Everything is known by now: written in one go, where a view that is handed on is walked three more times.
        InertElement::new(whole.to_html())
    });
    view! { {page} }.into_any()
}

/// A page for anybody, in the frame of whoever reads it.
pub fn framed_for_anybody(show: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    let here = here();
    let installation = use_context::<Installation>().unwrap_or_default();
    let theme = use_context::<Theme>().unwrap_or_default();
    let page = Suspend::new(async move {
        let bar = match frame().await {
            Ok(frame) => bar(Place::Elsewhere, frame, theme, here),
            Err(_) => signed_out(),
        };
        let whole = view! {
            {bar}
            <main id="main" tabindex="-1">{show()}</main>
            {foot(installation)}
        };
        InertElement::new(whole.to_html())
    });
    view! { {page} }.into_any()
}

async fn frame() -> Answer<Frame> {
    let (portal, caller) = asked()?;
    portal.frame(&caller).await
}

/// Where this page is, from the outside in; the last is the page itself.
pub fn crumbs(way: Vec<(String, String)>, here: &'static str) -> AnyView {
    let links =
        way.into_iter().map(|(word, href)| view! { <li><a href=href rel="external">{word}</a></li> }).collect_view();
    view! { <nav aria-label="Breadcrumb"><ol class="crumbs">{links}<li>{here}</li></ol></nav> }.into_any()
}

fn bar(place: Place, frame: Frame, theme: Theme, back: String) -> AnyView {
    let here = move |entry: Place| (entry == place).then_some("page");
    // What the page behind the word shows: requests, and what others have left behind.
    let waits = frame.inbox + frame.offers;
    let inbox = (waits > 0).then(|| {
        view! { " "<span class="count hot">{waits}<span class="hidden-text">" waiting for you"</span></span> }
    });
    let audit = frame.audit.then(|| {
        let href = routes::audit(&Filter::default(), "");
        view! { <a href=href rel="external" aria-current=here(Place::Audit)>"Audit"</a> }
    });
    let find = (place != Place::Environments).then(find);
    let initial = frame.account.chars().next().unwrap_or('?').to_uppercase().to_string();
    let label = format!("Account: {}", frame.account);
    view! {
        <header class="topbar">
            <a class="skip" href="#main" rel="external">"Skip to content"</a>
            <div class="inner">
                <a class="brand" href=routes::environments() rel="external">{mark()}"Keystead"</a>
                <nav class="mainnav" aria-label="Main">
                    <a href=routes::environments() rel="external" aria-current=here(Place::Environments)>"Environments"</a>
                    <a href=routes::requests() rel="external" aria-current=here(Place::Requests)>"Requests"</a>
                    <a href=routes::approvals() rel="external" aria-current=here(Place::Approvals)>"Approvals"{inbox}</a>
                    <a href=routes::jobs() rel="external" aria-current=here(Place::Jobs)>"Jobs"</a>
                    <a href=routes::policies() rel="external" aria-current=here(Place::Policies)>"Policies"</a>
                    {audit}
                </nav>
                {find}
                <button class="avatar push" type="button" popovertarget="account" aria-label=label>{initial}</button>
            </div>
            {account(frame, theme, back)}
        </header>
    }
    .into_any()
}

fn signed_out() -> AnyView {
    view! {
        <header class="topbar">
            <a class="skip" href="#main" rel="external">"Skip to content"</a>
            <div class="inner">
                <a class="brand" href=routes::home() rel="external">{mark()}"Keystead"</a>
                <a class="button small push" href=routes::sign_in() rel="external">{icon("log-in")}"Sign in"</a>
            </div>
        </header>
    }
    .into_any()
}

fn find() -> AnyView {
    view! {
        <form class="find" role="search" action=routes::environments()>
            <label class="with-icon">
                {icon("search")}<span class="hidden-text">"Find an environment"</span>
                <input type="search" name="q" placeholder="Find an environment"/>
            </label>
        </form>
    }
    .into_any()
}

fn account(frame: Frame, theme: Theme, back: String) -> AnyView {
    let looks = Theme::ALL.map(|choice| {
        let word = match choice {
            Theme::System => "As the system",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        view! {
            <button name="theme" value=choice.key() aria-pressed=if choice == theme { "true" } else { "false" }>
                {icon(if choice == theme { "check" } else { "sun-moon" })}{word}
            </button>
        }
    });
    view! {
        <div class="menu" id="account" popover>
            <p class="who"><b>{frame.account}</b><br/><small class="quiet">{frame.stands_for}</small></p>
            <form method="post" action=routes::appearance() aria-label="Appearance">
                <input type="hidden" name="back" value=back/>
                {looks.into_iter().collect_view()}
            </form>
            <hr/>
            <a href=routes::notices() rel="external">{icon("message-square")}"What I am told"</a>
            <a href=routes::sessions() rel="external">{icon("log-in")}"Where I am signed in"</a>
            <a href=routes::tokens() rel="external">{icon("key-round")}"Tokens"</a>
            {frame.webhooks.then(|| view! { <a href=routes::webhooks() rel="external">{icon("activity")}"Webhooks"</a> })}
            {frame.people.then(|| view! { <a href=routes::people() rel="external">{icon("users-round")}"People"</a> })}
            <button type="button" commandfor="keys" command="show-modal">{icon("keyboard")}"Keyboard shortcuts"</button>
            <form method="post" action=routes::sign_out()><button>{icon("log-out")}"Sign out"</button></form>
        </div>
        {super::shortcuts::sheet()}
    }
    .into_any()
}

/// The address of this page, to come back to.
fn here() -> String {
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    if search.is_empty() { path } else { format!("{path}?{search}") }
}

fn foot(installation: Installation) -> AnyView {
    let version = format!("Keystead {}", installation.version);
    view! {
        <footer class="foot">
            {installation.footer.map(|line| view! { <span>{line}</span> })}
            <span class="push">{version}</span>
            <a href=routes::rest() rel="external">"REST API"</a>
        </footer>
    }
    .into_any()
}
