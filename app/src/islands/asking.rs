//! A form that is filled: four answers, everything below them with a default, and the plan beside it.

mod assist;
mod deleted_vault;
#[cfg(feature = "hydrate")]
mod keeping;
mod sections;

use crate::components::field::{Text, area, says, select, text};
use crate::components::filling::{Filling, Opened};
use crate::components::glyph::FAILED;
use crate::components::notice::notice;
use crate::components::plan_panel::{count, plan_panel};
use crate::components::time::Zone;
use crate::routes;
use domain::form::Choices;
use leptos::prelude::*;

pub const NAME: &str = "asking";

pub fn asking(opened: Opened) -> AnyView {
    Zone::begin();
    let filling = Filling::new(opened);
    assist::assist(filling);
    let action = match filling.stands() {
        Some(stands) => routes::change(&stands.environment),
        None => routes::new_environment().to_owned(),
    };
    let reads = if filling.stands().is_some() { "What the change is for" } else { "What the approver should know" };
    view! {
        <form id="ask" class="split wide-side" method="post" action=action novalidate>
            <div class="stack">
                {move || summary(filling)}
                {if filling.stands().is_some() { ().into_any() } else { begun(filling) }}
                {sections::sections(filling)}
                {area(filling, "reason", "Reason", "The approver reads this first.", reads)}
            </div>
            <aside class="stack small docked" id="plan" aria-labelledby="plan-title">
                {plan_panel(filling)}
                {send(filling, "button primary block")}
                {beside(filling)}
                {move || missing(filling)}
                <p class="hint">{move || filling.panel.with(|panel| panel.decider.clone())}</p>
            </aside>
            {move || bar(filling)}
        </form>
    }
    .into_any()
}

/// What a new environment begins with: its draft, and the four answers.
fn begun(filling: Filling) -> AnyView {
    let draft = move || filling.draft.get().map(|id| id.to_string()).unwrap_or_default();
    view! { <input type="hidden" name="draft" value=draft prop:value=draft/> {four(filling)} }.into_any()
}

/// Other ways on than sending: the plan where no script asks for it, a draft of what is new.
fn beside(filling: Filling) -> AnyView {
    match filling.stands() {
        Some(stands) => view! {
            <div class="halves">
                <button class="button unscripted" formmethod="get" formaction=routes::change(&stands.environment)>"Show the plan"</button>
                <a class="button" href=routes::environment(&stands.environment) rel="external">"Leave it as it is"</a>
            </div>
        }
        .into_any(),
        None => view! {
            <div class="halves">
                <button class="button unscripted" formaction=routes::show_plan()>"Show the plan"</button>
                <button class="button" formaction=routes::keep_draft()>"Keep as a draft"</button>
            </div>
        }
        .into_any(),
    }
}

/// Sends; pressed too early, it leads to the first answer that needs a change.
fn send(filling: Filling, class: &'static str) -> AnyView {
    view! { <button class=class on:click=move |event| assist::check(filling, event)>"Send for approval"</button> }
        .into_any()
}

/// After an attempt: every wrong answer, each leading to its field.
fn summary(filling: Filling) -> Option<AnyView> {
    let errors = filling.errors();
    if !filling.tried.get() || errors.is_empty() {
        return None;
    }
    let title = match errors.len() {
        1 => "One answer needs a change".to_owned(),
        many => format!("{many} answers need a change"),
    };
    let lines = errors
        .into_iter()
        .map(|error| {
            let href = format!("#{}", error.field);
            view! { <li><a href=href rel="external">{label(&error.field)}</a>": "{error.message}</li> }
        })
        .collect_view();
    Some(notice(FAILED, title, view! { <ul class="stack tiny small-text" id="errors">{lines}</ul> }.into_any()))
}

fn missing(filling: Filling) -> Option<AnyView> {
    let wrong = filling.tried.get().then(|| filling.errors().len()).filter(|wrong| *wrong > 0)?;
    let words = if wrong == 1 {
        "One answer needs a change first.".to_owned()
    } else {
        format!("{wrong} answers need a change first.")
    };
    Some(says(FAILED, "missing".to_owned(), words))
}

/// On narrow screens the sum of the plan stays in view.
fn bar(filling: Filling) -> AnyView {
    let (sum, findings) = filling.panel.with(|panel| match &panel.plan {
        Some(plan) => {
            let cost = panel.cost.as_ref().map(|cost| cost.monthly().sentence());
            (cost.map_or_else(|| (count(plan), None), |cost| (cost, Some(count(plan)))), plan.findings.len())
        }
        None => (("No plan yet".to_owned(), None), 0),
    });
    let (sum, also) = sum;
    let findings = match findings {
        0 => "See the plan".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    let findings = match also {
        Some(count) => format!("{count}, {}", findings.replace("See", "see")),
        None => findings,
    };
    view! {
        <div class="planbar">
            <span class="name"><b>{sum}</b><small><a href="#plan" rel="external">{findings}</a></small></span>
            {send(filling, "button primary")}
        </div>
    }
    .into_any()
}

/// The four answers that everybody gives.
fn four(filling: Filling) -> AnyView {
    let choices: std::sync::Arc<Choices> = filling.choices.get_value();
    let teams: Vec<(String, String)> =
        choices.teams.iter().map(|team| (team.name.to_string(), team.title.clone())).collect();
    let regions =
        choices.regions.iter().map(|region| (region.name.to_string(), format!("{} ({})", region.title, region.name)));
    let templates = choices
        .templates
        .iter()
        .map(|template| (template.name.to_string(), format!("{}, version {}", template.title, template.version)));
    let (only, asking) = match teams.len() {
        1 => ("The only team in which you may ask.", Some("")),
        _ => ("", Some("Choose a team")),
    };
    let name = Text {
        hint: "3 to 21 lower-case letters, digits and single hyphens. Every resource is named after it.",
        most: Some(21),
        required: true,
        good: Some(|filling| filling.free("name").then(|| format!("{} is free.", filling.answer("name").trim()))),
        ..Text::default()
    };
    view! {
        <section class="card" aria-labelledby="first">
            <header><h2 id="first">"What and for whom"</h2></header>
            <div class="pad pair">
                {text(filling, "name", "Name", name)}
                {select(filling, "team", "Team", teams, asking, only)}
                {select(filling, "region", "Region", regions.collect(), Some(""), "")}
                {select(filling, "template", "Template", templates.collect(), Some(""), "Sets every default below.")}
            </div>
        </section>
    }
    .into_any()
}

/// A field's name as its label says it.
fn label(field: &str) -> &'static str {
    match field {
        "name" => "Name",
        "team" => "Team",
        "region" => "Region",
        "template" => "Template",
        "node_size" => "Node size",
        "nodes" => "Nodes",
        "kubernetes" => "Kubernetes version",
        "tier" => "Tier",
        "vault_name" => "Vault name",
        "soft_delete_days" => "Soft delete",
        "purge_protection" => "Purge protection",
        "vault_deleted" => "Deleted vault",
        "app_identity" => "Identity of the web app",
        "team_role" => "Role of the team",
        "db_server" => "Database server",
        "db_database" => "Database",
        "db_username" => "Database user",
        "db_password" => "Database password",
        "insights" => "Insights",
        "workspace" => "Workspace",
        "kept_days" => "Logs kept",
        "image" => "Image",
        "replicas" => "Replicas",
        "port" => "Port",
        "lifetime_days" => "Lifetime",
        "tags" => "Tags",
        "reason" => "Reason",
        _ => "Answer",
    }
}
