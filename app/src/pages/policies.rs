//! Policies and templates: for everybody what concerns them in sentences, for those who see everything every version's
//! state as well.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{CANCELLED, Look, SUCCEEDED, icon, pill, state};
use crate::components::policy_says::policy_says;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::view::policy::{By, List, Row, Source, Template};
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn Policies() -> impl IntoView {
    framed(Place::Policies, find(), |list, _| page(&list))
}

async fn find() -> Answer<List> {
    let (portal, caller) = asked()?;
    portal.policies(&caller).await
}

fn page(list: &List) -> AnyView {
    let on = list.policies.iter().filter(|row| row.in_force()).count();
    let counted = match (on, list.policies.len() - on) {
        (0, 0) => "None is in force.".to_owned(),
        (on, 0) => format!("{on} in force."),
        (on, off) => format!("{on} in force, {off} off."),
    };
    let new = list.write.allowed.then(|| {
        view! { <a class="button primary" href=routes::new_policy() rel="external">{icon("plus")}"New policy"</a> }
    });
    let inside = match (list.policies.is_empty(), list.whole) {
        (true, _) => nothing(list.write.allowed),
        (false, true) => table(&list.policies),
        (false, false) => list.policies.iter().map(card).collect_view().into_any(),
    };
    view! {
        <Title text="Policies"/>
        <div class="pagehead">
            <div>
                <h1>"Policies"</h1>
                <p class="meta"><span>{counted}" What you ask for is held against those that concern you while you fill the form."</span></p>
            </div>
            <div class="row">{new}</div>
        </div>
        <div class="stack">{inside}{templates(&list.templates)}</div>
    }
    .into_any()
}

fn nothing(write: bool) -> AnyView {
    let way = match write {
        true => view! { <a class="button" href=routes::new_policy() rel="external">"Write one"</a> }.into_any(),
        false => {
            view! { <a class="button" href=routes::environments() rel="external">"To the environments"</a> }.into_any()
        }
    };
    let why = "Whatever the form takes can be asked for, and the team's managers decide.";
    empty(&arch::NONE, "Five stones, none laid", "No policy concerns you", why, way)
}

/// On or off, and which version.
pub(super) fn stand(row: &Row) -> (Look, String) {
    match (row.source, row.on) {
        (Source::Configuration, _) => (SUCCEEDED, "On".to_owned()),
        (Source::Page, Some(version)) => (SUCCEEDED, format!("On, version {version}")),
        (Source::Page, None) => (CANCELLED, "Off".to_owned()),
    }
}

/// Where it is written, or by whom and when.
pub(super) fn written(written: Option<&By>) -> AnyView {
    match written {
        None => "Configuration".into_any(),
        Some(by) => view! { {short(&by.name).to_owned()}", "{moment(by.at)} }.into_any(),
    }
}

fn table(rows: &[Row]) -> AnyView {
    let row = |row: &Row| {
        let (look, word) = stand(row);
        let version = match (row.source, row.on) {
            (Source::Configuration, _) => "–".to_owned(),
            (Source::Page, Some(on)) if on == row.newest => on.to_string(),
            (Source::Page, Some(on)) => format!("{on} of {}", row.newest),
            (Source::Page, None) => row.newest.to_string(),
        };
        view! {
            <tr>
                <th scope="row" class="full"><span class="name"><a href=routes::policy(&row.name) rel="external">{row.title.clone()}</a><small>{row.scope.clone()}</small></span></th>
                <td>{state(look, word)}</td>
                <td class="quiet">{written(row.written.as_ref())}</td>
                <td class="n wide quiet">{version}</td>
            </tr>
        }
    };
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"All policies"</h2>
            <table class="table folds">
                <thead><tr><th scope="col">"Policy"</th><th scope="col">"State"</th><th scope="col">"Written"</th><th scope="col" class="n">"Version"</th></tr></thead>
                <tbody>{rows.iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// In sentences, for those whom it concerns.
fn card(row: &Row) -> AnyView {
    let (look, word) = stand(row);
    let id = format!("policy-{}", row.name);
    view! {
        <section class="card" aria-labelledby=id.clone()>
            <header><h2 id=id.clone()>{row.title.clone()}" "{pill(look, word)}</h2><p>{row.scope.clone()}</p></header>
            {policy_says(&row.says)}
        </section>
    }
    .into_any()
}

fn templates(templates: &[Template]) -> AnyView {
    let row = |template: &Template| {
        view! {
            <tr>
                <th scope="row" class="full"><span class="name"><b>{template.title.clone()}</b><small>{template.name.clone()}</small></span></th>
                <td class="full">{template.brief.clone()}</td>
                <td class="quiet">"Configuration"</td>
                <td class="n quiet">{template.version}</td>
            </tr>
        }
    };
    view! {
        <section class="stack small" aria-labelledby="templates">
            <h2 id="templates">"Templates"</h2>
            <div class="card">
                <table class="table folds">
                    <thead><tr><th scope="col">"Template"</th><th scope="col">"Defaults"</th><th scope="col">"Written"</th><th scope="col" class="n">"Version"</th></tr></thead>
                    <tbody>{templates.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
