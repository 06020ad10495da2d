//! The decision: asked of who may decide, told to who may not, and kept as a record once it is made.

use crate::components::confirm::{Asks, Confirm, confirm};
use crate::components::glyph::{QUEUED, glyph, icon, of_request};
use crate::components::plan_panel::{finding_read, no_finding};
use crate::components::time::moment;
use crate::routes;
use domain::request::{Kind, State};
use domain::view::request::Whole;
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
                    <ol class="approvals"><li>{glyph(QUEUED)}<b>{request.decider.clone()}</b><small class="quiet">"Asked, has not decided yet"</small></li></ol>
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
    view! {
        <form class="card" method="post" action=routes::decide(&request.row.id) aria-labelledby="decide">
            <header><h2 id="decide">"Your decision"</h2></header>
            <div class="pad stack small">
                <input type="hidden" name="digest" value=request.digest.clone()/>
                <div class="field">
                    <label for="comment">"Comment"</label>
                    <textarea id="comment" name="comment" maxlength="2000" aria-describedby="comment-hint"></textarea>
                    <p class="hint" id="comment-hint">"Needed to reject. The requester reads it."</p>
                </div>
                <button class="button primary block" name="decision" value="approve">{icon("check")}"Approve"</button>
                <button class="button danger block" name="decision" value="reject">"Reject"</button>
                <p class="hint">{binds}</p>
            </div>
        </form>
    }
    .into_any()
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
    let expired = (row.state == State::Expired)
        .then(|| view! { <p class="hint">"Nobody decided within seven days. It can be asked again."</p> });
    view! {
        <section class="card" aria-labelledby="decide">
            <header><h2 id="decide">"Decision"</h2></header>
            <div class="pad stack small">
                <ol class="approvals"><li data-state=look.state>{glyph(look)}<b>{who}</b>{when}</li></ol>
                {comment}{expired}
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
