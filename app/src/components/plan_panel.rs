//! The plan in the making, beside the form: findings, every resource in order, and who decides.

use super::cost::{borne, costing};
use super::filling::Filling;
use super::glyph::{FAILED, Look, PERSON, SUCCEEDED, WARNING, glyph, glyph_only, of_verb, turn};
use super::plan_table::{listed, usually};
use super::quota::quota;
use super::time::clock;
use domain::moment::duration;
use domain::plan::{Finding, Line, Plan, Verb, Weight};
use domain::policy::Effect;
use domain::view::request::PlanPanel;
use leptos::prelude::*;

/// The card; empty of plan it says what is missing.
pub fn plan_panel(filling: Filling) -> AnyView {
    view! {
        <section class="card" tabindex="0" aria-labelledby="plan-title">
            <header>
                <h2 id="plan-title">"Plan"</h2>
                <span class="quiet small-text push" role="status">{move || looked(filling)}</span>
            </header>
            {move || filling.panel.with(inside)}
        </section>
    }
    .into_any()
}

/// When Azure was last asked, or why it could not be.
fn looked(filling: Filling) -> AnyView {
    if filling.looking.get() {
        return "Looking at Azure".into_any();
    }
    filling.panel.with(|panel| match (&panel.unreachable, panel.looked) {
        (Some(_), _) => "By the rules alone".into_any(),
        (None, Some(at)) => view! { "Looked at Azure " {clock(at)} }.into_any(),
        (None, None) => ().into_any(),
    })
}

fn inside(panel: &PlanPanel) -> AnyView {
    let unreachable = panel.unreachable.as_ref().map(|why| {
        let said = format!("Azure could not be asked: {why}. The plan follows from the rules alone.");
        finding_line(WARNING, said.into_any())
    });
    let Some(plan) = &panel.plan else {
        return view! {
            <div class="pad"><p class="quiet">"The plan appears here as soon as the four answers fit together."</p></div>
            {unreachable.map(|line| view! { <ul class="rows findings">{line}</ul> })}
        }
        .into_any();
    };
    let money = money(panel);
    let findings = plan.findings.iter().map(finding).collect_view();
    let any = unreachable.is_some() || !plan.findings.is_empty();
    let lines = plan.lines.iter().map(|line| line_in_turn(line, plan)).collect_view();
    let permits = plan.permits.iter().map(|sentence| view! { <li>{sentence.clone()}</li> }).collect_view();
    view! {
        {money}
        {any.then(|| view! { <ul class="rows findings">{unreachable}{findings}</ul> })}
        <details class="plan-more" open>
            <summary class="row"><b>{count(plan)}</b><span class="quiet">{others(plan)}{takes(plan)}</span>{turn()}</summary>
            <ol class="plan-lines">{lines}</ol>
        </details>
        <details class="plan-more">
            <summary class="row"><b>"What an approval permits"</b>{turn()}</summary>
            <ul class="plan-lines permits">{permits}</ul>
        </details>
    }
    .into_any()
}

/// The cost, or why there is none to show, and the team's quota.
fn money(panel: &PlanPanel) -> Option<AnyView> {
    let cost = panel.cost.as_ref().map(costing);
    let why = panel
        .unpriced
        .as_ref()
        .map(|why| view! { <p class="quiet small-text">"No price could be had: "{why.clone()}</p> });
    let borne = borne(panel.cost_centre.as_deref());
    let quota = panel.quota.as_ref().map(quota);
    let any = cost.is_some() || why.is_some() || borne.is_some() || quota.is_some();
    any.then(|| view! { <div class="pad stack small">{cost}{why}{borne}{quota}</div> }.into_any())
}

/// "19 to create", "1 to change": what weighs most of what is done.
pub fn count(plan: &Plan) -> String {
    let weighty =
        [(Verb::Replace, "replace"), (Verb::Create, "create"), (Verb::Change, "change"), (Verb::Delete, "delete")];
    let first = weighty.into_iter().map(|(verb, word)| (plan.count(verb), word)).find(|(count, _)| *count > 0);
    first.map_or_else(|| "Nothing to do".to_owned(), |(count, word)| format!("{count} to {word}"))
}

/// "2 changed, 1 deleted": everything beside what [`count`] says; of a plan that only creates, that nothing else is done.
pub fn others(plan: &Plan) -> String {
    let said = [Verb::Replace, Verb::Create, Verb::Change, Verb::Delete, Verb::Keep];
    let there = said.into_iter().filter(|verb| plan.count(*verb) > 0);
    let first = there.clone().next();
    let beside = there.filter(|verb| Some(*verb) != first || *verb == Verb::Keep);
    let parts: Vec<String> = beside.map(|verb| format!("{} {}", plan.count(verb), verb.done())).collect();
    match first {
        Some(Verb::Create) if parts.is_empty() => "nothing changed or deleted".to_owned(),
        _ if parts.is_empty() => "nothing else".to_owned(),
        _ => parts.join(", "),
    }
}

/// How a finding looks: what needs a further approval waits for a person.
fn look_of(finding: &Finding) -> Look {
    match (finding.effect(), finding.weight) {
        (Some(Effect::Approval), _) => PERSON,
        (_, Weight::Deny) => FAILED,
        (_, Weight::Warn) => WARNING,
    }
}

/// A denial or a warning, leading to the field that answers it.
pub fn finding(finding: &Finding) -> AnyView {
    let look = look_of(finding);
    let sentence = finding.sentence.clone();
    let said = match finding.field.as_ref().filter(|field| !field.is_empty()) {
        Some(field) => {
            let href = format!("#{field}");
            view! { <a href=href rel="external">{sentence}</a> }.into_any()
        }
        None => sentence.into_any(),
    };
    finding_line(look, said)
}

/// A finding without a field to go to, as a request's page shows it.
pub fn finding_read(finding: &Finding) -> AnyView {
    finding_line(look_of(finding), finding.sentence.clone().into_any())
}

/// Nothing to warn of.
pub fn no_finding() -> AnyView {
    finding_line(SUCCEEDED, "Nothing to warn of.".into_any())
}

fn finding_line(look: Look, said: AnyView) -> AnyView {
    view! { <li class="says" data-state=look.state>{glyph(look)}<span>{said}</span></li> }.into_any()
}

/// ", about 9 min".
fn takes(plan: &Plan) -> String {
    plan.expected_ms.map(|about| format!(", about {}", duration(about))).unwrap_or_default()
}

/// A resource with what is done to it, in little room.
pub fn line(line: &Line) -> AnyView {
    brief(line, None)
}

/// The same with its turn, how long it usually takes, and what is known only after others.
fn line_in_turn(line: &Line, plan: &Plan) -> AnyView {
    let mut said = Vec::new();
    said.extend(plan.turn_of(line).map(|turn| {
        let after: Vec<String> = turn.after.iter().filter(|title| line.known_after.contains(title)).cloned().collect();
        let known = if after.is_empty() { String::new() } else { format!(", known after {}", listed(&after)) };
        format!("Turn {} of {}{known}", turn.turn, plan.turns())
    }));
    said.extend(line.expected.map(usually));
    brief(line, (!said.is_empty()).then(|| said.join("; ")))
}

fn brief(line: &Line, later: Option<String>) -> AnyView {
    let (look, word) = of_verb(line.verb);
    let detail = if line.detail.is_empty() { line.kind.clone() } else { format!("{}, {}", line.kind, line.detail) };
    let detail = match later {
        Some(later) => format!("{detail}. {later}"),
        None => detail,
    };
    view! { <li>{glyph_only(look, word)}<span class="name"><b>{line.name.clone()}</b><small>{detail}</small></span></li> }.into_any()
}
