//! What stands where there is nothing: why, and what to do.

use super::arch;
use domain::environment::Arch;
use leptos::prelude::*;

/// An arch as a picture with its words, a heading, a sentence, and the way on.
pub fn empty(
    picture: &Arch,
    seen: &'static str,
    title: impl Into<String>,
    why: impl Into<String>,
    way: AnyView,
) -> AnyView {
    let (title, why): (String, String) = (title.into(), why.into());
    view! { <section class="card empty">{arch::picture(picture, seen)}<h2>{title}</h2><p>{why}</p>{way}</section> }
        .into_any()
}
