//! What a policy says: each thing that passes, with what becomes of anything else.

use super::glyph::{FAILED, Look, PERSON, WARNING, glyph};
use domain::policy::Effect;
use leptos::prelude::*;

pub fn look_of(effect: Effect) -> Look {
    match effect {
        Effect::Deny => FAILED,
        Effect::Approval => PERSON,
        Effect::Warn => WARNING,
    }
}

/// "The tier Standard: anything else is denied."
fn sentence(effect: Effect, passes: &str) -> String {
    let becomes = match effect {
        Effect::Deny => "anything else is denied",
        Effect::Approval => "for anything else a platform engineer approves too",
        Effect::Warn => "whoever approves is told of anything else",
    };
    let mut letters = passes.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}: {becomes}.", letters.as_str())
}

pub fn policy_says(says: &[(Effect, String)]) -> AnyView {
    let line = |(effect, passes): &(Effect, String)| {
        let look = look_of(*effect);
        view! { <li data-state=look.state>{glyph(look)}<span>{sentence(*effect, passes)}</span></li> }
    };
    view! { <ul class="rows findings rules">{says.iter().map(line).collect_view()}</ul> }.into_any()
}
