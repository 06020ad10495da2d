//! A secret that was just made: shown here, and never again.

use super::glyph::SUCCEEDED;
use super::notice::notice;
use leptos::prelude::*;

/// In a field of its own, so that it is taken by one click and a copy, with scripting off too.
pub fn shown(title: String, secret: String) -> AnyView {
    let inside = view! {
        <p>"Copy it now: only a hash or a sealed copy is kept, and nobody can show it again."</p>
        <input class="once" readonly value=secret aria-label="To be copied" spellcheck="false" autocomplete="off"/>
    };
    notice(SUCCEEDED, title, inside.into_any())
}
