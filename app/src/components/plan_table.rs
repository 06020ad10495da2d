//! What will happen, resource by resource, grouped by what is done.

use super::glyph::{glyph_only, icon, of_verb};
use super::plan_panel::{count, others};
use domain::moment::duration;
use domain::plan::{Line, Plan, Verb};
use leptos::prelude::*;

const GROUPS: [(Verb, &str, &str); 5] = [
    (Verb::Create, "Create", ""),
    (Verb::Change, "Change", "in place, nothing is replaced"),
    (Verb::Replace, "Replace", "removed and made again, because Azure cannot change it in place"),
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

/// What stays as it is, where Keystead lets go of it.
pub fn stays(plan: &Plan) -> AnyView {
    let said = match plan.lines.len() {
        1 => "1 resource, left as it is.".to_owned(),
        many => format!("{many} resources, left as they are."),
    };
    view! {
        <section class="card" aria-labelledby="plan">
            <header><h2 id="plan">"What stays on Azure"</h2><p>{said}</p></header>
            <table class="table folds plan-table">
                <thead><tr><th scope="col">"Resource"</th><th scope="col">"As it was approved"</th></tr></thead>
                <tbody>{plan.lines.iter().map(row).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// What ends with Keystead's hands on it, in sentences.
pub fn stops(heading: &'static str, plan: &Plan) -> AnyView {
    let sentences = plan.permits.iter().map(|sentence| {
        view! { <li class="row tight">{icon("log-out")}<span>{sentence.clone()}</span></li> }
    });
    view! {
        <section class="card" aria-labelledby="permits">
            <header><h2 id="permits">{heading}</h2></header>
            <ul class="rows">{sentences.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn row(line: &Line) -> AnyView {
    let (look, word) = of_verb(line.verb);
    view! {
        <tr>
            <th scope="row"><div class="row tight">{glyph_only(look, word)}<span class="name"><b>{line.name.clone()}</b><small>{line.kind.clone()}</small></span></div></th>
            <td class="full">{line.detail.clone()}{fields(line)}{later(line)}</td>
        </tr>
    }
    .into_any()
}

/// What is to become another value, field by field.
pub fn fields(line: &Line) -> Option<AnyView> {
    if line.changes.is_empty() {
        return None;
    }
    let rows = line.changes.iter().map(|change| {
        let from = (!change.from.is_empty()).then(|| view! { <s>{change.from.clone()}</s>" → " });
        view! { <br/>{change.field.clone()}" "{from}{change.to.clone()} }
    });
    Some(rows.collect_view().into_any())
}

/// What is not known before other steps, and how long it usually takes.
fn later(line: &Line) -> Option<AnyView> {
    let mut said = Vec::new();
    if !line.known_after.is_empty() {
        said.push(format!("Its ids are known after {}", line.known_after.join(" and ").to_lowercase()));
    }
    if let Some(expected) = line.expected {
        said.push(format!("usually {}, rarely above {}", duration(expected.median_ms), duration(expected.p90_ms)));
    }
    let words = said.join("; ");
    (!words.is_empty()).then(|| view! { <small class="later">{words}</small> }.into_any())
}

/// What Azure keeps afterwards, where it keeps anything.
pub fn kept(plan: &Plan) -> Option<AnyView> {
    if plan.kept.is_empty() {
        return None;
    }
    let lines = plan.kept.iter().map(|sentence| {
        view! { <li class="row tight">{icon("hourglass")}<span>{sentence.clone()}</span></li> }
    });
    let card = view! {
        <section class="card" aria-labelledby="kept">
            <header><h2 id="kept">"What Azure keeps"</h2></header>
            <ul class="rows">{lines.collect_view()}</ul>
        </section>
    };
    Some(card.into_any())
}
