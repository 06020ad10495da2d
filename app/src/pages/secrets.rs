//! The secrets in an environment's vault: how old each is, and a form that sets the password; no value is ever shown.

use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{FAILED, WARNING, icon, state};
use crate::components::notice::slim;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::moment::duration;
use domain::naming::PASSWORD;
use domain::view::environment::{Secret, Secrets as List};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Secrets() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    framed(Place::Environments, find(name), |found, _| page(found))
}

async fn find(name: String) -> Answer<(String, List)> {
    let (portal, caller) = asked()?;
    let list = portal.secrets(&caller, &name).await?;
    Ok((name, list))
}

fn page((name, found): (String, List)) -> AnyView {
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (name.clone(), routes::environment(&name)),
    ];
    view! {
        <Title text=format!("Secrets of {name}")/>
        {crumbs(way, "Secrets")}
        <div class="pagehead">
            <div>
                <h1>"Secrets"</h1>
                <p class="meta"><span>{icon("key-round")}{found.vault.clone()}</span><span>"Values are shown to nobody"</span></p>
            </div>
            <div class="row"><a class="button" href=routes::access(&name) rel="external">"Who could read them, who did"</a></div>
        </div>
        <div class="split">
            <div class="stack">{unread(&found)}{list(&found)}</div>
            <aside class="stack" aria-label="Set the password">{set(&name, &found)}</aside>
        </div>
    }
    .into_any()
}

fn unread(found: &List) -> Option<AnyView> {
    let why = found.unread.clone()?;
    Some(slim(WARNING, view! { <p>{why}</p> }.into_any()))
}

fn list(found: &List) -> AnyView {
    let told = found.unread.is_none();
    let rows = found.rows.iter().map(|secret| row(secret, told)).collect_view();
    view! {
        <section class="card" aria-labelledby="secrets">
            <header><h2 id="secrets">"In the vault"</h2></header>
            <ul class="rows">{rows}</ul>
        </section>
    }
    .into_any()
}

/// Its name alone, where the vault tells no more.
fn row(secret: &Secret, told: bool) -> AnyView {
    let old = secret.age_seconds.map(|seconds| format!(", {} old", duration(seconds.saturating_mul(1_000))));
    let stands = match (&secret.version, secret.enabled) {
        (None, _) if told => Some(state(FAILED, "Not there")),
        (Some(_), Some(false)) => Some(state(WARNING, "Disabled")),
        _ => None,
    };
    let since = secret.created.map(|at| view! { <small>"Set "{moment(at)}{old}</small> });
    // The first digits tell two versions apart; the whole stands in the title for whoever compares it with Azure's.
    let version = secret.version.as_ref().map(|version| {
        let short: String = version.chars().take(8).collect();
        view! { <small>"Version "<code title=version.clone()>{short}"…"</code></small> }
    });
    view! {
        <li class="row spread">
            <span class="name"><b>{secret.name.clone()}</b>{since}{version}</span>
            {stands}
        </li>
    }
    .into_any()
}

fn set(name: &str, found: &List) -> AnyView {
    let inside = match &found.set.reason {
        Some(reason) if !found.set.allowed => view! { <p class="quiet">{reason.clone()}</p> }.into_any(),
        _ => {
            let version = found.rows.iter().find(|row| row.name == PASSWORD).and_then(|row| row.version.clone());
            view! {
                <input type="hidden" name="version" value=version.unwrap_or_default()/>
                <div class="field">
                    <label for="value">"New password of the database user"</label>
                    <input id="value" name="value" type="password" required autocomplete="new-password" aria-describedby="value-hint"/>
                    <p class="hint" id="value-hint">"Change it in the database first. It goes to the vault and is kept nowhere else; the checks then show whether the web app gets in with it."</p>
                </div>
                <button class="button primary block">{icon("lock-keyhole")}"Set the password"</button>
                <p class="hint">"Server, database and user follow from what was approved."</p>
            }
            .into_any()
        }
    };
    view! {
        <form class="card" method="post" action=routes::secrets(name) aria-labelledby="set">
            <header><h2 id="set">"Set the password"</h2></header>
            <div class="pad stack small">{inside}</div>
        </form>
    }
    .into_any()
}
