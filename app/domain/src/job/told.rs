//! An event as a line of the log: what people read about it, where there is anything to read.

use super::status::Status;
use super::step::Phase;
use super::{Event, Outline, Purpose, State};
use crate::account::short;
use crate::failure::Failure;
use crate::moment::{Moment, duration};
use crate::reason::Reason;
use crate::view::job::Tone;

/// A line that has no number yet; `step` is empty for the job's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub step: String,
    pub tone: Tone,
    pub text: String,
}

impl Said {
    fn new(step: &str, tone: Tone, text: String) -> Said {
        Said { step: step.to_owned(), tone, text }
    }
}

/// Lines for an event that was folded into `before` at `at` and made `after` of it.
pub fn told(outline: &[Outline], before: &Status, after: &Status, at: Moment, event: &Event) -> Vec<Said> {
    let resource = |key: &str| {
        let step = outline.iter().find(|step| step.key == key);
        step.map_or_else(|| key.to_owned(), |step| step.resource.clone())
    };
    let own = |text: String| vec![Said::new("", Tone::Person, text)];
    let of = |step: &str, tone: Tone, text: String| vec![Said::new(step, tone, text)];
    let mut lines = match event {
        Event::Started { .. } | Event::UndoStarted { .. } => Vec::new(),
        Event::Asked { step, .. } if asked_before(before, step) => Vec::new(),
        Event::Asked { step, .. } => of(step, Tone::Waiting, format!("asked for {}, waits for Azure", resource(step))),
        Event::Waits { step, until, why } | Event::UndoWaits { step, until, why } if news(before, step, why) => {
            of(step, Tone::Waiting, format!("{why}; looking again in {}", duration(until.since(at))))
        }
        Event::Waits { .. } | Event::UndoWaits { .. } => Vec::new(),
        Event::Succeeded { step, .. } => {
            let took = after.step(step).and_then(|step| step.began).map_or(0, |began| at.since(began));
            of(step, Tone::Done, format!("{} stands after {}", resource(step), duration(took)))
        }
        Event::Failed { step, failure } | Event::UndoFailed { step, failure } => {
            // The line stands under its step's title already.
            let line = in_one_line(failure);
            let title = outline.iter().find(|known| known.key == *step).map_or("", |step| step.title.as_str());
            let short = line.strip_prefix(title).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&line);
            of(step, Tone::Failed, short.to_owned())
        }
        Event::UndoAsked { step, .. } if asked_before(before, step) => Vec::new(),
        Event::UndoAsked { step, .. } => {
            of(step, Tone::Waiting, format!("asked to remove {}, waits for Azure", resource(step)))
        }
        Event::Replaced { by } => own(format!("a later request of {} takes over what stands", short(by))),
        Event::Undone { step } => of(step, Tone::Done, format!("{} is gone", resource(step))),
        Event::CancelAsked { by, why } => {
            own(format!("{} cancelled{}: what is at work finishes first", short(by), because(why.as_ref())))
        }
        Event::RetryAsked { by, why } => own(format!("{} lets the job go on{}", short(by), because(why.as_ref()))),
        Event::Redo { step, by } => of(step, Tone::Person, format!("{} gave new values, written again", short(by))),
        Event::RollBackAsked { by, why } => {
            own(format!("{} rolls back{}: what was made is removed again", short(by), because(why.as_ref())))
        }
        Event::TakenOver { by, why } => {
            let so = because(Some(why));
            own(format!("{} takes the job from its worker{so}: another goes on", short(by)))
        }
        Event::Held { by, why, .. } => own(format!("{} asks for a changed plan: {why}", short(by))),
        Event::Released { by } => own(format!("{} approved the changed plan", short(by))),
        Event::Refused { by, why } => own(format!("the changed plan was not approved ({}): {why}", short(by))),
    };
    let (was, is) = (before.state(), after.state());
    if was != is {
        let took = duration(after.took_ms(at));
        let end = match is {
            State::Succeeded if Purpose::of(outline) == Purpose::Destroy => {
                Some((Tone::Done, format!("everything is gone, after {took}")))
            }
            State::Succeeded => Some((Tone::Done, format!("everything stands, after {took}"))),
            State::RolledBack => Some((Tone::Done, "everything that was made is gone again".to_owned())),
            State::Cancelled if !after.replaced => Some((Tone::Person, "cancelled: what stands now stays".to_owned())),
            _ => None,
        };
        lines.extend(end.map(|(tone, text)| Said::new("", tone, text)));
    }
    lines
}

/// ` (“wrong region”)`, where a reason was given.
fn because(why: Option<&Reason>) -> String {
    why.map(|why| format!(" (“{why}”)")).unwrap_or_default()
}

fn asked_before(before: &Status, step: &str) -> bool {
    before.step(step).is_some_and(|step| step.operation.is_some())
}

/// A reason is told once, not at every try.
fn news(before: &Status, step: &str, now: &str) -> bool {
    match before.step(step).map(|step| &step.phase) {
        Some(Phase::Waits { why, .. } | Phase::UndoWaits { why, .. }) => why != now,
        _ => true,
    }
}

fn in_one_line(failure: &Failure) -> String {
    match &failure.quote {
        Some(quote) => format!("{}: {quote}", failure.title),
        None => failure.title.clone(),
    }
}
