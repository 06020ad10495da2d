//! What becomes of a deleted vault that holds the name: recovered, purged, or left alone under another name.

use crate::components::field::says;
use crate::components::filling::Filling;
use crate::components::glyph::{FAILED, WARNING};
use domain::view::Can;
use domain::view::request::DeletedVault;
use leptos::prelude::*;

const FIELD: &str = "vault_deleted";

/// The one that holds the name, where there is one; a new plan that says the same leaves the choice and its focus alone.
pub(super) fn held(filling: Filling) -> Memo<Option<DeletedVault>> {
    Memo::new(move |_| filling.panel.with(|panel| panel.deleted_vault.clone()))
}

/// The choice.
pub(super) fn choice(filling: Filling, found: &DeletedVault) -> AnyView {
    let until = found.until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
    let said = format!("A deleted vault holds the name {}{until}.", found.name);
    let recovered = "It comes back with its secrets; who may use it has to be granted anew, which the job does.";
    let purged = "It goes for good with everything in it, and the vault is made anew.";
    let offered = [
        ("", "Take another name", "The deleted vault is left alone.".to_owned(), true),
        ("recover", "Recover it", because(&found.recover, recovered), found.recover.allowed),
        ("purge", "Purge it", because(&found.purge, purged), found.purge.allowed),
    ];
    let cards = offered.into_iter().map(|(value, title, consequence, allowed)| {
        let chosen = move || filling.filled(FIELD) == value;
        let first = untrack(chosen);
        view! {
            <label class="choice">
                <input type="radio" name=FIELD value=value checked=first prop:checked=chosen disabled=!allowed
                    on:change=move |_| filling.type_in(FIELD, value.to_owned())/>
                <span><b>{title}</b><span class="hint">{consequence}</span></span>
            </label>
        }
    });
    let beneath = move || match filling.error(FIELD) {
        Some(error) => says(FAILED, format!("{FIELD}-says"), error),
        None => says(WARNING, format!("{FIELD}-says"), said.clone()),
    };
    view! {
        <fieldset class="field" id=FIELD aria-describedby=format!("{FIELD}-says")>
            <legend>"What becomes of the deleted vault"</legend>
            {beneath}
            <div class="stack small">{cards.collect_view()}</div>
        </fieldset>
    }
    .into_any()
}

/// What follows, or why it cannot be chosen.
fn because(can: &Can, consequence: &str) -> String {
    can.reason.clone().unwrap_or_else(|| consequence.to_owned())
}
