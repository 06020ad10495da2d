//! What becomes of a deleted vault that holds the name: recovered, purged, or left alone under another name.

use crate::components::field::{beneath, says};
use crate::components::filling::Filling;
use crate::components::glyph::WARNING;
use domain::view::Can;
use domain::view::request::DeletedVault;
use leptos::prelude::*;

const FIELD: &str = "vault_deleted";

/// The one that holds the name, where there is one; a new plan that says the same leaves the choice and its focus alone.
pub(super) fn held(filling: Filling) -> Memo<Option<DeletedVault>> {
    Memo::new(move |_| filling.panel.with(|panel| panel.deleted_vault.clone()))
}

/// The choice, once there is something to choose.
pub(super) fn choice(filling: Filling) -> AnyView {
    let held = held(filling);
    view! { {move || held.get().map(|held| offered(filling, &held))} }.into_any()
}

fn offered(filling: Filling, found: &DeletedVault) -> AnyView {
    let left = "Type it above. The deleted vault is left alone.";
    let recovered = "It comes back with its secrets; who may use it has to be granted anew, which the job does.";
    let purged = "It goes for good with everything in it, and the vault is made anew.";
    let cards = [
        ("", "Take another name", left.to_owned(), true),
        ("recover", "Recover it", because(&found.recover, recovered), found.recover.allowed),
        ("purge", "Purge it", because(&found.purge, purged), found.purge.allowed),
    ];
    let cards = cards.into_iter().map(|(value, title, consequence, allowed)| {
        let chosen = move || filling.answer(FIELD) == value;
        let first = untrack(chosen);
        view! {
            <label class="choice">
                <input type="radio" name=FIELD value=value checked=first prop:checked=chosen disabled=!allowed
                    on:change=move |_| filling.type_in(FIELD, value.to_owned())/>
                <span><b>{title}</b><span class="hint">{consequence}</span></span>
            </label>
        }
    });
    view! {
        <fieldset class="field" id=FIELD aria-describedby=format!("{FIELD}-held {FIELD}-says")>
            <legend>"What becomes of the deleted vault"</legend>
            {says(WARNING, format!("{FIELD}-held"), found.said())}
            <input type="hidden" name="vault_held" value=found.name.clone()/>
            <div class="stack small">{cards.collect_view()}</div>
            {beneath(filling, FIELD, "", None)}
        </fieldset>
    }
    .into_any()
}

/// What follows, or why it cannot be chosen.
fn because(can: &Can, consequence: &str) -> String {
    can.reason.clone().unwrap_or_else(|| consequence.to_owned())
}
