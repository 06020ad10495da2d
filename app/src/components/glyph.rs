//! A state's glyph with its word, a plan's verb, and the icons beside words.

use domain::job::StepState;
use domain::plan::Verb;
use domain::{check, environment, job, request};
use leptos::prelude::*;

/// How something looks: the key of its colour and of its glyph's outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// `data-state`, by which the style sheet colours it.
    pub state: &'static str,
    /// The symbol's name after `g-`.
    pub glyph: &'static str,
}

const fn look(state: &'static str, glyph: &'static str) -> Look {
    Look { state, glyph }
}

pub const QUEUED: Look = look("queued", "queued");
pub const RUNNING: Look = look("running", "running");
pub const WAITING: Look = look("waiting", "waiting");
pub const PERSON: Look = look("person", "person");
pub const SUCCEEDED: Look = look("succeeded", "succeeded");
pub const FAILED: Look = look("failed", "failed");
pub const CANCELLED: Look = look("cancelled", "cancelled");
pub const STOPPED: Look = look("queued", "stopped");
pub const WARNING: Look = look("warning", "warning");
pub const UNKNOWN: Look = look("unknown", "unknown");

pub fn of_environment(state: environment::State) -> Look {
    match state {
        environment::State::Waiting => WAITING,
        environment::State::Building | environment::State::RollingBack | environment::State::Destroying => RUNNING,
        environment::State::NeedsPerson => PERSON,
        environment::State::Ready => SUCCEEDED,
        environment::State::Stopped => STOPPED,
        environment::State::Gone | environment::State::Released => CANCELLED,
    }
}

pub fn of_job(state: job::State) -> Look {
    match state {
        job::State::Queued => QUEUED,
        job::State::Running | job::State::RollingBack => RUNNING,
        job::State::Waiting => WAITING,
        job::State::NeedsPerson => PERSON,
        job::State::Succeeded => SUCCEEDED,
        job::State::Cancelled | job::State::RolledBack => CANCELLED,
    }
}

pub fn of_step(state: StepState) -> Look {
    match state {
        StepState::Queued => QUEUED,
        StepState::Running | StepState::Undoing => RUNNING,
        StepState::Waiting => WAITING,
        StepState::Succeeded | StepState::Gone => SUCCEEDED,
        StepState::Failed => FAILED,
        StepState::Undone => CANCELLED,
    }
}

pub fn of_request(state: request::State) -> Look {
    match state {
        request::State::Waiting => WAITING,
        request::State::Approved => SUCCEEDED,
        request::State::Rejected => FAILED,
        request::State::Returned => WARNING,
        request::State::Withdrawn | request::State::Expired => CANCELLED,
    }
}

pub fn of_verdict(verdict: check::Verdict) -> Look {
    match verdict {
        check::Verdict::Passed => SUCCEEDED,
        check::Verdict::Failed => FAILED,
        check::Verdict::CouldNotTell => UNKNOWN,
    }
}

pub fn of_verb(verb: Verb) -> (Look, &'static str) {
    match verb {
        Verb::Create => (look("create", "create"), "create"),
        Verb::Change => (look("change", "change"), "change"),
        Verb::Replace => (look("delete", "replace"), "replace"),
        Verb::Keep => (look("queued", "keep"), "keep"),
        Verb::Delete => (look("delete", "delete"), "delete"),
    }
}

/// The outline alone; the word stands beside it.
pub fn glyph(look: Look) -> impl IntoView {
    let href = format!("#g-{}", look.glyph);
    view! { <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true"><use href=href></use></svg> }
}

/// Glyph and word.
pub fn state(look: Look, word: impl Into<String>) -> AnyView {
    let word: String = word.into();
    view! { <span class="state" data-state=look.state>{glyph(look)}{word}</span> }.into_any()
}

/// Glyph and word where they stand alone in a heading.
pub fn pill(look: Look, word: impl Into<String>) -> AnyView {
    let word: String = word.into();
    view! { <span class="state pill" data-state=look.state role="status">{glyph(look)}{word}</span> }.into_any()
}

/// The glyph with its word for those who do not see it.
pub fn glyph_only(look: Look, word: &'static str) -> AnyView {
    view! {
        <span class="state" data-state=look.state>{glyph(look)}<span class="hidden-text">{word}</span></span>
    }
    .into_any()
}

/// An outline on a grid of 24, always beside a word.
pub fn icon(name: &'static str) -> AnyView {
    icon_as(name, "icon")
}

/// The chevron of something that opens.
pub fn turn() -> AnyView {
    icon_as("chevron-right", "icon turn")
}

fn icon_as(name: &'static str, class: &'static str) -> AnyView {
    let href = format!("#i-{name}");
    view! { <svg class=class viewBox="0 0 24 24" aria-hidden="true"><use href=href></use></svg> }.into_any()
}

/// The outline inside a drawing.
pub fn glyph_at(look: Look, x: f64, y: f64) -> AnyView {
    let href = format!("#g-{}", look.glyph);
    view! {
        <svg class="glyph" x=x y=y width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><use href=href></use></svg>
    }
    .into_any()
}

/// An icon inside a drawing.
pub fn icon_at(name: &'static str, x: f64, y: f64) -> AnyView {
    let href = format!("#i-{name}");
    view! {
        <svg class="icon" x=x y=y width="16" height="16" viewBox="0 0 24 24" aria-hidden="true"><use href=href></use></svg>
    }
    .into_any()
}
