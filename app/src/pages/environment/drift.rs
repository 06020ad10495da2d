//! What differs from what was approved, who may have changed it, and the ways back.

use crate::components::glyph::{SUCCEEDED, WARNING, glyph_only, icon, of_verb, state};
use crate::components::plan_table::fields;
use crate::components::time::moment;
use crate::routes;
use domain::form::accept::Accept;
use domain::view::environment::{Drifted, Whole};
use leptos::prelude::*;

/// The card; left out while nothing stands that could be looked at.
pub(super) fn drift(found: &Whole) -> Option<AnyView> {
    if !found.validate.allowed && found.drift.is_none() {
        return None;
    }
    let name = &found.row.name;
    let looked = found
        .drift
        .as_ref()
        .map(|drift| view! { <span class="quiet small-text push">"Looked "{moment(drift.looked)}</span> });
    let look = view! {
        <form method="post" action=routes::look(name)><button class="button small">{icon("refresh-cw")}"Look now"</button></form>
    };
    let inside = match &found.drift {
        None => view! { <div class="pad"><p class="quiet">"What stands is held against what was approved every quarter of an hour."</p></div> }.into_any(),
        Some(drift) if drift.lines.is_empty() => {
            view! { <div class="pad">{state(SUCCEEDED, "Everything is as it was approved")}</div> }.into_any()
        }
        Some(drift) => {
            let lines = drift.lines.iter().map(line).collect_view();
            let repair = found.change.allowed.then(|| {
                view! { <form method="post" action=routes::repair(name)><button class="button primary small">{icon("rotate-ccw")}"Ask to repair it"</button></form> }
            });
            view! {
                <ul class="rows">{lines}</ul>
                <div class="pad stack small"><div class="row">{repair}{accept(found)}</div>{refused(&found.accept)}</div>
            }
            .into_any()
        }
    };
    let differs = found.drift.as_ref().map_or(0, |drift| drift.lines.len());
    let title = (differs > 0).then(|| {
        state(WARNING, if differs == 1 { "1 difference".to_owned() } else { format!("{differs} differences") })
    });
    let card = view! {
        <section class="card" aria-labelledby="drift">
            <header><h2 id="drift">"As approved"</h2>{title}{looked}</header>
            {inside}
            <footer class="row">{look}</footer>
        </section>
    };
    Some(card.into_any())
}

/// The form that changes it, with what was found as its answers; left out where no answer can hold any of it.
fn accept(found: &Whole) -> Option<AnyView> {
    let accept = &found.accept;
    if !found.change.allowed || accept.answers.is_empty() {
        return None;
    }
    let reason = accept.reason();
    let mut answers: Vec<(&str, &str)> =
        accept.answers.iter().map(|(field, answer)| (field.as_str(), answer.as_str())).collect();
    answers.push(("reason", &reason));
    let href = routes::change_with(&found.row.name, &answers);
    Some(view! { <a class="button small" href=href rel="external">"Make it the new wish"</a> }.into_any())
}

/// What can only be repaired.
fn refused(accept: &Accept) -> Option<AnyView> {
    let lines = accept.refused.iter().map(|sentence| view! { <li>{sentence.clone()}</li> }).collect_view();
    let said = view! {
        <p class="hint" id="cannot-be-wished">"What cannot become the new wish:"</p>
        <ul class="stack tiny small-text" aria-labelledby="cannot-be-wished">{lines}</ul>
    };
    (!accept.refused.is_empty()).then(|| said.into_any())
}

fn line(drifted: &Drifted) -> AnyView {
    let (look, word) = of_verb(drifted.line.verb);
    let by = drifted.by.as_ref().map(|(who, at)| view! { <small>"Changed by "{who.clone()}", "{moment(*at)}</small> });
    view! {
        <li class="row tight">
            {glyph_only(look, word)}
            <span class="name"><b>{drifted.line.name.clone()}</b><small>{drifted.line.kind.clone()}{fields(&drifted.line)}</small>{by}</span>
        </li>
    }
    .into_any()
}
