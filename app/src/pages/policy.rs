//! A policy: what it says and for whom; for those who see everything its text, its versions and a trial of the one shown.

mod trial;

use super::policies::{stand, written};
use crate::components::confirm::{Asks, Confirm, confirm};
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{SUCCEEDED, icon, pill, state};
use crate::components::policy_says::policy_says;
use crate::components::policy_text::{PolicyText, policy_text};
use crate::components::time::moment;
use crate::context::Typed;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::view::policy::{Source, Version, Whole};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

/// Days whose requests a version is tried out against, where nobody says otherwise.
const DAYS: u32 = 30;

#[component]
pub fn Policy() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let asked = use_query_map().get_untracked();
    let version = asked.get("version").and_then(|version| version.parse().ok());
    let days = asked.get("days").and_then(|days| days.parse().ok()).unwrap_or(DAYS);
    let typed = use_context::<Typed>().unwrap_or_default();
    framed(Place::Policies, find(name, version, days, typed), |(found, typed), _| page(&found, typed))
}

async fn find(name: String, version: Option<u32>, days: u32, typed: Typed) -> Answer<(Whole, Typed)> {
    let (portal, caller) = asked()?;
    Ok((portal.policy(&caller, &name, version, days).await?, typed))
}

fn page(policy: &Whole, typed: Typed) -> AnyView {
    let (look, word) = stand(&policy.row);
    let switched = policy.switched.as_ref().map(|by| {
        let word = if policy.row.on.is_some() { "Switched on by " } else { "Switched off by " };
        view! { <span>{icon("clock")}{word}{short(&by.name).to_owned()}", "{moment(by.at)}</span> }
    });
    let aside = (!policy.versions.is_empty()).then(|| versions(policy));
    let says = view! {
        <section class="card" aria-labelledby="says">
            <header><h2 id="says">"What it says"</h2><p>{policy.row.scope.clone()}</p></header>
            {policy_says(&policy.row.says)}
        </section>
    };
    let whole = view! { {says}{policy.trial.as_ref().map(|tried| trial::trial(policy, tried))}{text(policy, typed)} };
    view! {
        <Title text=policy.row.title.clone()/>
        {crumbs(vec![("Policies".to_owned(), routes::policies().to_owned())], "Policy")}
        <div class="pagehead">
            <div>
                <h1>{policy.row.title.clone()}" "{pill(look, word)}</h1>
                <p class="meta"><span>{icon("pencil")}{written(policy.row.written.as_ref())}</span>{switched}</p>
            </div>
            <div class="row">{switch(policy)}</div>
        </div>
        {match aside {
            Some(aside) => view! { <div class="split"><div class="stack">{whole}</div><aside class="stack" aria-label="Versions">{aside}</aside></div> }.into_any(),
            None => view! { <div class="stack">{whole}</div> }.into_any(),
        }}
    }
    .into_any()
}

/// On with the version that is shown, or off where it is on.
fn switch(policy: &Whole) -> Option<AnyView> {
    if !policy.write.allowed {
        return None;
    }
    let (name, on, shown) = (&policy.row.name, policy.row.on, policy.shown);
    let off = on.is_some().then(|| {
        confirm(Confirm {
            id: "switch-off",
            icon: "circle-stop",
            deed: "Switch off",
            title: "Switch this policy off?".to_owned(),
            says: "Nothing is held against it any more, on no server. Its versions stay, and any of them can be switched on again.".to_owned(),
            keep: "Keep it on",
            action: routes::switch_policy(name, on, None),
            danger: false,
            asks: Asks::Nothing,
        })
    });
    let deed = (on != Some(shown)).then(|| {
        view! {
            <form method="post" action=routes::switch_policy(name, on, Some(shown))>
                <button class="button primary">{icon("check")}{format!("Switch version {shown} on")}</button>
            </form>
        }
    });
    Some(view! { {off}{deed} }.into_any())
}

fn versions(policy: &Whole) -> AnyView {
    let line = |version: &Version| {
        let href = routes::policy_version(&policy.row.name, version.number, 0);
        let here = (version.number == policy.shown).then_some("true");
        let on = (policy.row.on == Some(version.number)).then(|| state(SUCCEEDED, "On"));
        view! {
            <li class="row spread">
                <span class="name">
                    <a href=href rel="external" aria-current=here>{format!("Version {}", version.number)}</a>
                    <small>{short(&version.written.name).to_owned()}", "{moment(version.written.at)}{here.map(|_| ", shown here")}</small>
                </span>
                {on}
            </li>
        }
    };
    view! {
        <section class="card" aria-labelledby="versions">
            <header><h2 id="versions">"Versions"</h2></header>
            <ol class="rows">{policy.versions.iter().map(line).collect_view()}</ol>
        </section>
    }
    .into_any()
}

/// To be changed by those who write policies, to be read by the others who see everything.
fn text(policy: &Whole, typed: Typed) -> Option<AnyView> {
    let text = policy.text.clone()?;
    if policy.write.allowed {
        let deed = format!("Save as version {}", policy.row.newest.saturating_add(1));
        let action = routes::policy(&policy.row.name);
        return Some(policy_text(PolicyText { action, base: policy.row.newest, text, deed, typed }));
    }
    let why = policy.write.reason.clone().filter(|_| policy.row.source == Source::Configuration);
    Some(
        view! {
            <section class="card" aria-labelledby="text-title">
                <header><h2 id="text-title">"Text"</h2><p>{why}</p></header>
                <pre class="document" tabindex="0">{text}</pre>
            </section>
        }
        .into_any(),
    )
}
