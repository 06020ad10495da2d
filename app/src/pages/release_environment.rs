//! Release an environment: what stays on Azure, what Keystead stops doing, and why; then sent for approval.

use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{WARNING, icon};
use crate::components::notice::notice;
use crate::components::plan_panel::finding_read;
use crate::components::plan_table::{stays, stops};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::request::Release;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn ReleaseEnvironment() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    framed(Place::Environments, find(name), |found, _| page(found))
}

async fn find(name: String) -> Answer<Release> {
    let (portal, caller) = asked()?;
    portal.release(&caller, &name).await
}

fn page(found: Release) -> AnyView {
    let name = found.environment.clone();
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (name.clone(), routes::environment(&name)),
    ];
    let warning = view! { <p>"Everything stays on Azure as it stands, and goes on costing. Keystead cannot take it back into its hands. Nothing happens before somebody else has approved it."</p> };
    view! {
        <Title text=format!("Release {name}")/>
        {crumbs(way, "Release")}
        <div class="pagehead"><div><h1>{format!("Release {name}")}</h1></div></div>
        <div class="split">
            <div class="stack">
                {notice(WARNING, format!("Keystead lets go of {name}"), warning.into_any())}
                {stops("What Keystead stops doing", &found.plan)}
                {stays(&found.plan)}
            </div>
            <aside class="stack" aria-label="Request">{findings(&found)}{ask(&found)}</aside>
        </div>
    }
    .into_any()
}

/// What the list's reader should know of it.
fn findings(found: &Release) -> Option<AnyView> {
    let lines = found.plan.findings.iter().map(finding_read).collect_view();
    let card = view! {
        <section class="card" aria-labelledby="findings">
            <header><h2 id="findings">"Findings"</h2></header>
            <ul class="rows findings">{lines}</ul>
        </section>
    };
    (!found.plan.findings.is_empty()).then(|| card.into_any())
}

fn ask(found: &Release) -> AnyView {
    view! {
        <form class="card" method="post" action=routes::release(&found.environment) aria-labelledby="ask">
            <header><h2 id="ask">"Ask for it"</h2></header>
            <div class="pad stack small">
                <input type="hidden" name="digest" value=found.digest.clone()/>
                <div class="field">
                    <label for="reason">"Reason"</label>
                    <textarea id="reason" name="reason" maxlength="2000" required aria-describedby="reason-hint"></textarea>
                    <p class="hint" id="reason-hint">"Needed, and kept with the record: who looks after it from now on, and why."</p>
                </div>
                <button class="button danger block">{icon("log-out")}"Send for approval"</button>
                <a class="button block" href=routes::environment(&found.environment) rel="external">"Keep it"</a>
                <p class="hint">{found.decider.clone()}</p>
            </div>
        </form>
    }
    .into_any()
}
