//! What will happen, resource by resource, grouped by what is done.

use super::glyph::{glyph_only, of_verb};
use super::plan_panel::{count, others};
use domain::plan::{Line, Plan, Verb};
use leptos::prelude::*;

const GROUPS: [(Verb, &str, &str); 4] = [
    (Verb::Create, "Create", ""),
    (Verb::Change, "Change", "in place, nothing is replaced"),
    (Verb::Delete, "Delete", "cannot be undone, can be made again"),
    (Verb::Keep, "Keep", "looked at, as wanted"),
];

/// The card; groups without a line are left out.
pub fn plan_table(plan: &Plan) -> AnyView {
    let said = format!("{}, {}.", count(plan), others(plan));
    let groups = GROUPS.into_iter().filter_map(|(verb, title, note)| {
        let lines: Vec<&Line> = plan.lines.iter().filter(|line| line.verb == verb).collect();
        if lines.is_empty() {
            return None;
        }
        let heading = format!("{title} {} ", lines.len());
        let rows = lines.into_iter().map(row).collect_view();
        Some(view! {
            <tbody>
                <tr class="group"><th colspan="2" scope="rowgroup">{heading}<span class="quiet plain-weight">{note}</span></th></tr>
                {rows}
            </tbody>
        })
    });
    view! {
        <section class="card" aria-labelledby="plan">
            <header><h2 id="plan">"What will happen"</h2><p>{said}</p></header>
            <table class="table folds plan-table">
                <thead><tr><th scope="col">"Resource"</th><th scope="col">"What is done"</th></tr></thead>
                {groups.collect_view()}
            </table>
        </section>
    }
    .into_any()
}

fn row(line: &Line) -> AnyView {
    let (look, word) = of_verb(line.verb);
    view! {
        <tr>
            <th scope="row"><div class="row tight">{glyph_only(look, word)}<span class="name"><b>{line.name.clone()}</b><small>{line.kind.clone()}</small></span></div></th>
            <td class="full">{line.detail.clone()}</td>
        </tr>
    }
    .into_any()
}
