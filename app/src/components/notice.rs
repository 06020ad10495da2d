//! What happened, why, and what to do about it.

use super::glyph::{FAILED, Look, SUCCEEDED, glyph};
use crate::context::{Notice, Tone};
use leptos::prelude::*;

/// A notice with a heading and whatever explains it.
pub fn notice(look: Look, title: impl Into<String>, inside: AnyView) -> AnyView {
    let title: String = title.into();
    view! {
        <section class="notice" data-state=look.state>
            {glyph(look)}
            <h2 class="notice-title">{title}</h2>
            {inside}
        </section>
    }
    .into_any()
}

/// One line, for what is good to know.
pub fn slim(look: Look, inside: AnyView) -> AnyView {
    view! { <aside class="notice slim" data-state=look.state>{glyph(look)}{inside}</aside> }.into_any()
}

/// What the last post has to say.
pub fn of_post(said: &Notice) -> AnyView {
    let look = match said.tone {
        Tone::Done => SUCCEEDED,
        Tone::Refused => FAILED,
    };
    let text = said.text.clone();
    view! { <section class="notice slim" data-state=look.state role="status">{glyph(look)}<p>{text}</p></section> }
        .into_any()
}
