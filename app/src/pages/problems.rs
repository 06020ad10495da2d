//! The problems that the REST API tells of: all of them, and for each what it means and what to do, for anybody to read.

use crate::components::frame::{crumbs, framed_for_anybody};
use crate::components::refused::refused;
use crate::error::PortalError;
use crate::routes;
use domain::problem::{KINDS, Kind, Problem, WrongField};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Problems() -> impl IntoView {
    framed_for_anybody(list)
}

#[component]
pub fn ProblemPage() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.name == name);
    match kind {
        Some(kind) => framed_for_anybody(move || page(kind)),
        None => framed_for_anybody(|| refused(PortalError::not_found())),
    }
}

fn list() -> AnyView {
    let rows = KINDS.iter().map(|kind| {
        view! {
            <tr>
                <td class="n top">{kind.status}</td>
                <th scope="row"><span class="name"><a href=kind.address() rel="external">{kind.title}</a><small>{kind.address()}</small></span></th>
                <td class="full">{words(first_sentence(kind.means))}</td>
            </tr>
        }
    });
    view! {
        <Title text="Problems of the REST API"/>
        <div class="pagehead">
            <div>
                <h1>"Problems of the REST API"</h1>
                <p class="meta"><span>"Every refusal is a document whose "<code>"type"</code>" is one of these addresses. They stay."</span></p>
            </div>
            <div class="row"><a class="button" href=routes::rest() rel="external">"REST API"</a></div>
        </div>
        <section class="card">
            <table class="table folds linked">
                <thead><tr><th class="n" scope="col">"Status"</th><th scope="col">"Problem"</th><th scope="col">"Means"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn page(kind: &Kind) -> AnyView {
    let next = kind.next.iter().map(|said| view! { <li>{words(said)}</li> }).collect_view();
    view! {
        <Title text=kind.title/>
        {crumbs(vec![("Problems".to_owned(), routes::problems().to_owned())], "Problem")}
        <div class="pagehead">
            <div>
                <h1>{kind.title}</h1>
                <p class="meta"><span>"HTTP status "{kind.status}</span><span><code>{kind.address()}</code></span></p>
            </div>
        </div>
        <div class="stack">
            <section class="card" aria-labelledby="means">
                <header><h2 id="means">"What it means"</h2></header>
                <p class="pad">{words(kind.means)}</p>
            </section>
            <section class="card" aria-labelledby="next">
                <header><h2 id="next">"What to do"</h2></header>
                <div class="pad"><ul class="stack small">{next}</ul></div>
            </section>
            <section class="card" aria-labelledby="document">
                <header><h2 id="document">"As a program gets it"</h2><p>"With "<code>"Content-Type: application/problem+json"</code>"."</p></header>
                <pre class="document" tabindex="0">{document(kind)}</pre>
            </section>
        </div>
    }
    .into_any()
}

/// One as it may read.
fn document(kind: &Kind) -> String {
    let of_field = (kind.name == "invalid").then(|| WrongField {
        field: "nodes".to_owned(),
        pointer: Some("#/nodes".to_owned()),
        message: "A whole number from 1 to 10 nodes.".to_owned(),
    });
    let problem = Problem {
        kind: kind.address(),
        title: kind.title.to_owned(),
        status: kind.status,
        detail: kind.example.to_owned(),
        incident: (kind.name == "internal").then(|| "5f2c9a1e".to_owned()),
        errors: of_field.into_iter().collect(),
        current: None,
    };
    serde_json::to_string_pretty(&problem).unwrap_or_default()
}

fn first_sentence(text: &'static str) -> &'static str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// What stands between backticks is code.
fn words(text: &'static str) -> AnyView {
    let parts = text.split('`').enumerate().map(|(number, part)| match number % 2 {
        0 => part.into_any(),
        _ => view! { <code>{part}</code> }.into_any(),
    });
    parts.collect_view().into_any()
}
