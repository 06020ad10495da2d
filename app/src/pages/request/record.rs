//! The record of a request: who said what and when, what lapsed and why; and a field for whoever has something to say.

use crate::components::glyph::{CANCELLED, FAILED, Look, QUEUED, SUCCEEDED, WAITING, WARNING, glyph, icon};
use crate::components::notice::notice;
use crate::components::time::moment;
use crate::routes;
use domain::approval::{Entry, Word};
use domain::request::State;
use domain::view::request::Whole;
use leptos::prelude::*;

fn look(word: Word) -> Look {
    match word {
        Word::Approved => SUCCEEDED,
        Word::Rejected => FAILED,
        Word::ChangesAsked | Word::Lapsed => WARNING,
        Word::Withdrawn | Word::Expired => CANCELLED,
        Word::Commented => QUEUED,
        Word::Escalated => WAITING,
    }
}

/// What has changed since the plan was approved or looked at, where it waits anew; the difference comes first.
pub(super) fn lapsed(request: &Whole) -> AnyView {
    let newest = request.record.iter().rev().find(|entry| entry.word == Word::Lapsed);
    let Some(entry) = newest.filter(|_| request.row.state == State::Waiting) else { return ().into_any() };
    let before = request.record.iter().filter(|said| said.word == Word::Approved && said.round == entry.round);
    let counted = match before.count() {
        0 => "Nobody had approved it yet.".to_owned(),
        1 => "One approval counts for nothing.".to_owned(),
        many => format!("{many} approvals count for nothing."),
    };
    let differences = entry.text.lines().map(|line| view! { <li>{line.to_owned()}</li> }).collect_view();
    let inside = view! {
        <ul class="plain">{differences}</ul>
        <p>{counted}" The plan below is the one as of "{moment(entry.at)}"; it is asked for from the first level on."</p>
    };
    notice(WARNING, "The plan has become another one", inside.into_any())
}

pub(super) fn record(request: &Whole) -> AnyView {
    let entries = request.record.iter().map(entry).collect_view();
    let said = (!request.record.is_empty()).then(|| view! { <ol class="rows said">{entries}</ol> });
    let field = request.remark.allowed.then(|| field(request));
    if request.record.is_empty() && field.is_none() {
        return ().into_any();
    }
    view! {
        <section class="card" id="record" aria-labelledby="record-title">
            <header><h2 id="record-title">"Record"</h2></header>
            {said}{field}
        </section>
    }
    .into_any()
}

fn entry(entry: &Entry) -> AnyView {
    let look = look(entry.word);
    let who = match (&entry.by, &entry.on_behalf) {
        (Some(by), Some(from)) => format!("{by} for {from}"),
        (Some(by), None) => by.clone(),
        (None, _) => "Keystead".to_owned(),
    };
    let lines: Vec<&str> = entry.text.lines().filter(|line| !line.trim().is_empty()).collect();
    let text = lines.into_iter().map(|line| view! { <p class="words">{line.to_owned()}</p> }).collect_view();
    let word = if entry.word == Word::Lapsed { "Found another plan" } else { entry.word.said() };
    view! {
        <li data-state=look.state>
            {glyph(look)}
            <span class="name"><b>{who}</b><small class="quiet">{word}", "{moment(entry.at)}</small></span>
            {text}
        </li>
    }
    .into_any()
}

fn field(request: &Whole) -> AnyView {
    view! {
        <form class="pad stack small" method="post" action=routes::comment(&request.row.id)>
            <div class="field">
                <label for="say">"Say something"</label>
                <textarea id="say" name="comment" maxlength="2000" required></textarea>
            </div>
            <div class="row"><button class="button">{icon("message-square")}"Add to the record"</button></div>
        </form>
    }
    .into_any()
}
