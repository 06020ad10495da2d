//! An environment whose owner has left, on its page: since when, and the ways on.

use crate::components::glyph::{PERSON, icon};
use crate::components::notice::notice;
use crate::components::time::moment;
use crate::routes;
use domain::view::environment::Whole;
use leptos::prelude::*;

/// Its owner has left: whoever may, takes it over or ends it.
pub(super) fn orphaned(found: &Whole) -> Option<AnyView> {
    let orphaned = found.orphaned.as_ref()?;
    let take = orphaned.take_on.allowed.then(|| {
        view! {
            <form method="post" action=routes::take_on(&found.row.name)>
                <button class="button primary small">{icon("user-round")}"Take it over"</button>
            </form>
        }
    });
    let end = (orphaned.take_on.allowed && found.destroy.allowed).then(|| {
        view! { <a class="button small" href=routes::destroy(&found.row.name) rel="external">"End it"</a> }
    });
    let why = orphaned.take_on.reason.clone().map(|why| view! { <p>{why}</p> });
    let inside = view! {
        <p>"It was asked for by "{found.row.owner.clone()}", who has left "{moment(orphaned.since)}". It stands, and costs, until its lifetime ends."</p>
        {why}
        <div class="row">{take}{end}</div>
    };
    Some(notice(PERSON, "Its owner has left", inside.into_any()))
}
