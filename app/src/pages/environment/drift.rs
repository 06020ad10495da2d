//! What differs from what was approved, who may have changed it, and the ways back.

use crate::components::glyph::{SUCCEEDED, WARNING, glyph_only, icon, of_verb, state};
use crate::components::plan_table::fields;
use crate::components::time::moment;
use crate::routes;
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
            let change = found.change.allowed.then(|| {
                view! { <a class="button small" href=routes::change(name) rel="external">"Make it the new wish"</a> }
            });
            view! {
                <ul class="rows">{lines}</ul>
                <div class="pad row">{repair}{change}</div>
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
