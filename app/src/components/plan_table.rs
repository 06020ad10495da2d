//! What will happen, resource by resource, grouped by what is done.

use super::glyph::{glyph_only, icon, of_verb, turn};
use super::plan_panel::{count, line as in_brief, others};
use domain::moment::duration;
use domain::plan::{Expected, Line, Plan, Verb};
use leptos::prelude::*;

const GROUPS: [(Verb, &str, &str); 5] = [
    (
        Verb::Replace,
        "Replace",
        "removed and made again, because Azure cannot change it in place; what runs on it stops meanwhile",
    ),
    (Verb::Create, "Create", ""),
    (Verb::Change, "Change", "in place, nothing is replaced"),
    (Verb::Delete, "Delete", "cannot be undone, can be made again"),
    (Verb::Keep, "Keep", "looked at, as wanted"),
];

/// The card; groups without a line are left out.
pub fn plan_table(plan: &Plan) -> AnyView {
    let said = format!("{}, {}. {}", count(plan), others(plan), in_order(plan));
    let groups = GROUPS.into_iter().filter_map(|(verb, title, note)| {
        let mut lines: Vec<&Line> = plan.lines.iter().filter(|line| line.verb == verb).collect();
        if lines.is_empty() {
            return None;
        }
        lines.sort_by_key(|line| plan.turn_of(line).map(|turn| turn.turn));
        let heading = format!("{title} {} ", lines.len());
        let rows = match verb {
            Verb::Keep => folded(&lines),
            _ => lines.into_iter().map(|line| row(line, plan)).collect_view().into_any(),
        };
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

/// What is left alone, in one line that opens on the names.
fn folded(lines: &[&Line]) -> AnyView {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for line in lines {
        match kinds.iter_mut().find(|(kind, _)| *kind == line.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&line.kind, 1)),
        }
    }
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(kind, count)| if count == 1 { kind.to_owned() } else { format!("{count} × {kind}") })
        .collect();
    let lines = lines.iter().map(|line| in_brief(line)).collect_view();
    view! {
        <tr><td colspan="2" class="full">
            <details class="more"><summary>{turn()}<span>{kinds.join(", ")}</span></summary><ol class="plan-lines">{lines}</ol></details>
        </td></tr>
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
                <tbody>{plan.lines.iter().map(|line| row(line, plan)).collect_view()}</tbody>
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

fn row(line: &Line, plan: &Plan) -> AnyView {
    let (look, word) = of_verb(line.verb);
    view! {
        <tr>
            <th scope="row"><div class="row tight">{glyph_only(look, word)}<span class="name"><b>{line.name.clone()}</b><small>{line.kind.clone()}</small></span></div></th>
            <td class="full">{line.detail.clone()}{fields(line)}{later(line, plan)}</td>
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

/// "In 6 turns, about 9 min in all: what has the same turn is done side by side."
fn in_order(plan: &Plan) -> String {
    let about = plan.expected_ms.map(duration);
    match (plan.turns(), about) {
        (0 | 1, None) => String::new(),
        (0 | 1, Some(about)) => format!("About {about} in all."),
        (turns, about) => {
            let about = about.map(|about| format!(", about {about} in all")).unwrap_or_default();
            format!("In {turns} turns{about}: what has the same turn is done side by side.")
        }
    }
}

/// When its turn comes, what is not known before, and how long it usually takes.
fn later(line: &Line, plan: &Plan) -> Option<AnyView> {
    let mut said = Vec::new();
    let turn = plan.turn_of(line).filter(|_| plan.turns() > 1);
    // What it waits for is mostly what gives it its ids.
    let same = |after: &[String]| {
        after.len() == line.known_after.len() && after.iter().all(|title| line.known_after.contains(title))
    };
    if let Some(turn) = turn {
        let after = match turn.after.as_slice() {
            [] => "begins at once".to_owned(),
            after if same(after) => format!("its ids are known after {}", listed(after)),
            after => format!("after {}", listed(after)),
        };
        said.push(format!("Turn {}, {after}", turn.turn));
    }
    if !line.known_after.is_empty() && turn.is_none_or(|turn| !same(&turn.after)) {
        let its = if said.is_empty() { "Its" } else { "its" };
        said.push(format!("{its} ids are known after {}", listed(&line.known_after)));
    }
    said.extend(line.expected.map(usually));
    let words = said.join("; ");
    (!words.is_empty()).then(|| view! { <small class="later">{words}</small> }.into_any())
}

/// "usually 5 min, rarely above 7 min".
pub fn usually(expected: Expected) -> String {
    let (usually, rarely) = (duration(expected.median_ms), duration(expected.p90_ms));
    if usually == rarely { format!("usually {usually}") } else { format!("usually {usually}, rarely above {rarely}") }
}

/// "cluster, role of Keystead and app identity".
pub fn listed(titles: &[String]) -> String {
    let mut said = String::new();
    for (place, title) in titles.iter().enumerate() {
        said += match place {
            0 => "",
            _ if place + 1 == titles.len() => " and ",
            _ => ", ",
        };
        let mut letters = title.chars();
        said.extend(letters.next().into_iter().flat_map(char::to_lowercase).chain(letters));
    }
    said
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
