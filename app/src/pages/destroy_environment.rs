//! Destroy an environment: what would go, what stays, what Azure keeps; then sent for approval.

use crate::components::cost::card;
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{WARNING, icon};
use crate::components::notice::notice;
use crate::components::plan_table::{kept, plan_table};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::request::Destruction;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn DestroyEnvironment() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let purge = use_query_map().get_untracked().get("purge").is_some();
    framed(Place::Environments, find(name, purge), |(found, purge), _| page(found, purge))
}

async fn find(name: String, purge: bool) -> Answer<(Destruction, bool)> {
    let (portal, caller) = asked()?;
    let found = portal.destruction(&caller, &name, purge).await?;
    let purge = purge && found.purge.allowed;
    Ok((found, purge))
}

fn page(found: Destruction, purge: bool) -> AnyView {
    let name = found.environment.clone();
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (name.clone(), routes::environment(&name)),
    ];
    let warning = view! { <p>"Its web app stops answering, and its secrets go with its vault. Nothing happens before somebody else has approved it."</p> };
    view! {
        <Title text=format!("Destroy {name}")/>
        {crumbs(way, "Destroy")}
        <div class="pagehead"><div><h1>{format!("Destroy {name}")}</h1></div></div>
        <div class="split">
            <div class="stack">
                {notice(WARNING, format!("Everything of {name} goes"), warning.into_any())}
                {plan_table(&found.plan)}
                {kept(&found.plan)}
            </div>
            <aside class="stack" aria-label="Request">{found.cost.as_ref().map(|cost| card(cost, None))}{vault(&found, purge)}{ask(&found, purge)}</aside>
        </div>
    }
    .into_any()
}

/// Whether the vault's name is free at once, or the vault can be brought back for a while.
fn vault(found: &Destruction, purge: bool) -> AnyView {
    let inside = if found.purge.allowed {
        let (word, href) = match purge {
            false => ("Purge it at once instead", format!("{}?purge=yes", routes::destroy(&found.environment))),
            true => ("Let Azure keep it instead", routes::destroy(&found.environment)),
        };
        let said = match purge {
            false => "Azure keeps the deleted vault for a while: it can be brought back, and its name is held.",
            true => "The vault is purged: nobody can bring it back, and its name is free at once.",
        };
        view! { <p>{said}</p><a class="button small" href=href rel="external">{word}</a> }.into_any()
    } else {
        view! { <p class="hint">{found.purge.reason.clone().unwrap_or_default()}</p> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="vault">
            <header><h2 id="vault">"The vault"</h2></header>
            <div class="pad stack small">{inside}</div>
        </section>
    }
    .into_any()
}

fn ask(found: &Destruction, purge: bool) -> AnyView {
    view! {
        <form class="card" method="post" action=routes::destroy(&found.environment) aria-labelledby="ask">
            <header><h2 id="ask">"Ask for it"</h2></header>
            <div class="pad stack small">
                <input type="hidden" name="digest" value=found.digest.clone()/>
                {purge.then(|| view! { <input type="hidden" name="purge" value="yes"/> })}
                <div class="field">
                    <label for="reason">"Reason"</label>
                    <textarea id="reason" name="reason" maxlength="2000" aria-describedby="reason-hint"></textarea>
                    <p class="hint" id="reason-hint">"The approver reads this first."</p>
                </div>
                <button class="button danger block">{icon("trash-2")}"Send for approval"</button>
                <a class="button block" href=routes::environment(&found.environment) rel="external">"Keep it"</a>
                <p class="hint">{found.decider.clone()}</p>
            </div>
        </form>
    }
    .into_any()
}
