//! The decision: asked of who may decide, told to who may not, and kept as a record once it is made.

use crate::components::confirm::{Asks, Confirm, confirm};
use crate::components::glyph::{CANCELLED, PERSON, QUEUED, SUCCEEDED, WAITING, glyph, icon, of_request};
use crate::components::plan_panel::{finding_read, no_finding};
use crate::components::time::moment;
use crate::routes;
use domain::account::short;
use domain::form::Form;
use domain::policy::Effect;
use domain::request::{Kind, State};
use domain::view::request::{Level, LevelStand, Whole};
use leptos::prelude::*;

/// Findings, then the form or the record, then the way back for the one who asked.
pub(super) fn decision(request: &Whole) -> AnyView {
    let inside = if request.row.state == State::Waiting { open(request) } else { record(request) };
    view! { {findings(request)}{inside}{withdraw(request)} }.into_any()
}

fn findings(request: &Whole) -> AnyView {
    let found = &request.plan.findings;
    let lines = if found.is_empty() { vec![no_finding()] } else { found.iter().map(finding_read).collect() };
    view! {
        <section class="card" aria-labelledby="findings">
            <header><h2 id="findings">"Findings"</h2></header>
            <ul class="rows findings">{lines}</ul>
        </section>
    }
    .into_any()
}

fn open(request: &Whole) -> AnyView {
    if !request.decide.allowed {
        let reason = request.decide.reason.clone().unwrap_or_default();
        return view! {
            <section class="card" aria-labelledby="decide">
                <header><h2 id="decide">"Decision"</h2></header>
                <div class="pad stack small">
                    {levels(request)}
                    <p class="hint">{reason}</p>
                </div>
            </section>
        }
        .into_any();
    }
    let binds = match request.row.kind {
        Kind::Release => "Nothing on Azure is touched: Keystead lets go at once, and no job runs.".to_owned(),
        _ => format!("Binds plan {}. If the world changes first, you are asked again.", request.digest),
    };
    let needed = match request.comment_needed {
        true => "Needed. The requester reads it.",
        false => "Needed unless you approve. The requester reads it.",
    };
    let for_whom = request.on_behalf.as_ref().map(|name| {
        let said = format!("You decide for {}, who has handed over to you.", short(name));
        view! { <p class="hint">{said}</p> }
    });
    view! {
        <form class="card" method="post" action=routes::decide(&request.row.id) aria-labelledby="decide">
            <header><h2 id="decide">"Your decision"</h2></header>
            <div class="pad stack small">
                <input type="hidden" name="digest" value=request.digest.clone()/>
                <input type="hidden" name="level" value=request.level/>
                {levels(request)}
                {for_whom}
                <div class="field">
                    <label for="comment">"Comment"</label>
                    <textarea id="comment" name="comment" maxlength="2000" aria-describedby="comment-hint"></textarea>
                    <p class="hint" id="comment-hint">{needed}</p>
                </div>
                {approve(request)}
                <div class="halves">
                    <button class="button" name="decision" value="changes">"Ask for changes"</button>
                    <button class="button danger" name="decision" value="reject">"Reject"</button>
                </div>
                <p class="hint">{binds}</p>
            </div>
        </form>
    }
    .into_any()
}

/// What a policy denies by now cannot be approved any more.
fn approve(request: &Whole) -> AnyView {
    if request.plan.findings.iter().any(|finding| finding.effect() == Some(Effect::Deny)) {
        return view! { <p class="hint">"A policy denies this by now: ask for changes, or reject it."</p> }.into_any();
    }
    view! { <button class="button primary block" name="decision" value="approve">{icon("check")}"Approve"</button> }
        .into_any()
}

/// Each level: who has approved, who is asked, who comes after.
fn levels(request: &Whole) -> AnyView {
    let one = |level: &Level| {
        let you = level.stand == LevelStand::Asked && request.decide.allowed;
        let (look, said) = match level.stand {
            LevelStand::Approved => (
                SUCCEEDED,
                match &level.group {
                    Some(group) => format!("Approved for {group}"),
                    None => "Approved".to_owned(),
                },
            ),
            LevelStand::Asked if you => (PERSON, "You are asked".to_owned()),
            LevelStand::Asked => (WAITING, "Asked, has not decided yet".to_owned()),
            LevelStand::Later => (QUEUED, "Asked after that".to_owned()),
            LevelStand::Over => (CANCELLED, "Not asked any more".to_owned()),
        };
        let still = (level.approvers as usize).saturating_sub(level.approved.len());
        let more = (level.approvers > 1 && level.stand == LevelStand::Asked).then(|| format!(", {still} still needed"));
        let who = match level.approved.as_slice() {
            [] => level.who.clone(),
            names => names.iter().map(|name| short_both(name)).collect::<Vec<_>>().join(", "),
        };
        view! {
            <li data-state=look.state>
                {glyph(look)}<b>{who}</b><small class="quiet">{said}{more}</small>
                {level.why.clone().map(|why| view! { <small>{why}</small> })}
            </li>
        }
    };
    view! { <ol class="approvals">{request.levels.iter().map(one).collect_view()}</ol> }.into_any()
}

/// "second-manager for manager", without the directory's name.
fn short_both(name: &str) -> String {
    name.split(" for ").map(short).collect::<Vec<_>>().join(" for ")
}

/// The form of the change with the answers that were sent.
fn again(request: &Whole) -> String {
    let form = serde_json::to_value(Form::of(&request.wish)).unwrap_or_default();
    let former = request.former.as_ref().map(|wish| serde_json::to_value(Form::of(wish)).unwrap_or_default());
    let answers = form.as_object().into_iter().flatten().filter_map(|(field, answer)| {
        let new = former.as_ref().is_none_or(|former| former[field] != *answer) || field == "reason";
        Some((field.as_str(), answer.as_str().filter(|_| new)?))
    });
    routes::change_with(&request.row.environment, &answers.collect::<Vec<_>>())
}

fn record(request: &Whole) -> AnyView {
    let row = &request.row;
    let who = row.decided_by.clone().unwrap_or_else(|| match row.state {
        State::Withdrawn => row.requester.clone(),
        _ => "Nobody".to_owned(),
    });
    let when = row.decided_at.map(|at| view! { <small class="quiet">{row.state.word()}", "{moment(at)}</small> });
    let look = of_request(row.state);
    let comment = request.comment.clone().filter(|comment| !comment.is_empty()).map(|comment| {
        let words = format!("“{comment}”");
        view! { <p>{words}</p> }
    });
    let hint = match row.state {
        State::Expired => Some("Nobody decided in time. It can be asked again."),
        State::Returned if row.kind == Kind::Create => {
            Some("It went back to the one who asked, as a draft with the comment. The password is to be typed again.")
        }
        State::Returned => Some("It went back to the one who asked; the environment stays as it is."),
        _ => None,
    };
    let hint = hint.map(|said| view! { <p class="hint">{said}</p> });
    let again = (row.state == State::Returned && row.kind == Kind::Change).then(|| {
        view! { <a class="button" href=again(request) rel="external">{icon("pencil")}"Ask with changes"</a> }
    });
    // Of several levels who approved on each says more than the last name alone.
    let levelled = request.levels.len() > 1;
    let approved = levelled.then(|| levels(request));
    let last = (!levelled || row.state != State::Approved)
        .then(|| view! { <ol class="approvals"><li data-state=look.state>{glyph(look)}<b>{who}</b>{when}</li></ol> });
    view! {
        <section class="card" aria-labelledby="decide">
            <header><h2 id="decide">"Decision"</h2></header>
            <div class="pad stack small">
                {approved}{last}{comment}{hint}{again}
            </div>
        </section>
    }
    .into_any()
}

fn withdraw(request: &Whole) -> Option<AnyView> {
    let offered = request.withdraw.allowed && request.row.state == State::Waiting;
    offered.then(|| {
        let asked = Confirm {
            id: "withdraw",
            icon: "undo-2",
            deed: "Withdraw",
            title: "Withdraw this request?".to_owned(),
            says: match request.row.kind {
                Kind::Create => {
                    "Nobody decides on it any more. The sealed password is deleted, and the name is free again."
                }
                Kind::Rename | Kind::Replan => "Nobody decides on it any more. The job stays where it stopped.",
                Kind::Change | Kind::Repair | Kind::Destroy | Kind::Release => {
                    "Nobody decides on it any more. The environment stays as it is."
                }
            }
            .to_owned(),
            keep: "Keep asking",
            action: routes::withdraw(&request.row.id),
            danger: false,
            asks: Asks::Nothing,
        };
        view! { <div class="row">{confirm(asked)}</div> }.into_any()
    })
}
