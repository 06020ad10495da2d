//! The document around every page, and the one list of pages.

use crate::components::sprite::SPRITE;
use crate::context::{Site, Theme};
use crate::pages;
use leptos::html::link;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{ParamSegment as Param, SsrMode, StaticSegment as Is};

/// The document: theme, style sheet, the module that hydrates, the page, and the drawings that it refers to.
pub fn shell() -> impl IntoView {
    let site = use_context::<Site>().unwrap_or_default();
    let theme = match use_context::<Theme>().unwrap_or_default() {
        Theme::System => None,
        chosen => Some(chosen.key()),
    };
    let nonce = use_nonce();
    let preload =
        site.preload.into_iter().map(|module| view! { <link rel="modulepreload" href=module/> }).collect_view();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf9"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0f1116"/>
                {site.style.map(|style| view! { <link rel="stylesheet" href=style/> })}
                {site.icon.map(|icon| view! { <link rel="icon" type="image/svg+xml" href=icon/> })}
                {preload}
                {site.wasm.map(|wasm| link().rel("preload").r#as("fetch").href(wasm).crossorigin("anonymous"))}
                {site.start.map(|start| view! { <script type="module" src=start nonce=nonce></script> })}
                <leptos_meta::MetaTags/>
            </head>
            <body>
                <App/>
                <svg class="sprite" aria-hidden="true" inner_html=SPRITE></svg>
            </body>
        </html>
    }
}

/// All pages. The browser never runs this: links lead to whole documents, so that focus, history and announcements
/// are its own, and only the islands of a page live on in it.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Keystead".to_owned() } else { format!("{title} · Keystead") }/>
        <Router>
            <Routes fallback=pages::not_found::NotFound>
                <Route path=Is("") view=pages::environments::Environments ssr=SsrMode::Async/>
                <Route path=Is("sign-in") view=pages::sign_in::SignIn ssr=SsrMode::Async/>
                <Route path=Is("environments") view=pages::environments::Environments ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Is("new")) view=pages::new_environment::NewEnvironment ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name")) view=pages::environment::Environment ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name"), Is("change")) view=pages::change_environment::ChangeEnvironment ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name"), Is("destroy")) view=pages::destroy_environment::DestroyEnvironment ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name"), Is("release")) view=pages::release_environment::ReleaseEnvironment ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name"), Is("secrets")) view=pages::secrets::Secrets ssr=SsrMode::Async/>
                <Route path=(Is("environments"), Param("name"), Is("access")) view=pages::access::Access ssr=SsrMode::Async/>
                <Route path=Is("requests") view=pages::requests::Requests ssr=SsrMode::Async/>
                <Route path=(Is("requests"), Param("id")) view=pages::request::Request ssr=SsrMode::Async/>
                <Route path=Is("approvals") view=pages::approvals::Approvals ssr=SsrMode::Async/>
                <Route path=Is("sessions") view=pages::sessions::Sessions ssr=SsrMode::Async/>
                <Route path=Is("notices") view=pages::notices::Notices ssr=SsrMode::Async/>
                <Route path=Is("tokens") view=pages::tokens::Tokens ssr=SsrMode::Async/>
                <Route path=(Is("tokens"), Param("id")) view=pages::token::Token ssr=SsrMode::Async/>
                <Route path=Is("webhooks") view=pages::webhooks::Webhooks ssr=SsrMode::Async/>
                <Route path=(Is("webhooks"), Param("id")) view=pages::webhook::Webhook ssr=SsrMode::Async/>
                <Route path=Is("people") view=pages::people::People ssr=SsrMode::Async/>
                <Route path=(Is("people"), Is("leaving")) view=pages::leaving::Leaving ssr=SsrMode::Async/>
                <Route path=Is("jobs") view=pages::jobs::Jobs ssr=SsrMode::Async/>
                <Route path=(Is("jobs"), Param("id")) view=pages::job::Job ssr=SsrMode::Async/>
                <Route path=Is("policies") view=pages::policies::Policies ssr=SsrMode::Async/>
                <Route path=(Is("policies"), Is("new")) view=pages::new_policy::NewPolicy ssr=SsrMode::Async/>
                <Route path=(Is("policies"), Param("name")) view=pages::policy::Policy ssr=SsrMode::Async/>
                <Route path=Is("problems") view=pages::problems::Problems ssr=SsrMode::Async/>
                <Route path=(Is("problems"), Param("name")) view=pages::problems::ProblemPage ssr=SsrMode::Async/>
                <Route path=Is("audit") view=pages::audit::Audit ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
