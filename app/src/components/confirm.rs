//! A deed that asks once more, saying what stays and what goes: a dialog, opened without script where the browser knows
//! `command`; where scripting is off it is a disclosure in the same place.

use super::glyph::icon;
use domain::reason::LONGEST;
use leptos::prelude::*;

pub struct Confirm {
    /// Of the dialog, unique on its page.
    pub id: &'static str,
    pub icon: &'static str,
    /// The deed, as the button says it.
    pub deed: &'static str,
    pub title: String,
    /// What stays, what goes.
    pub says: String,
    /// The way back: "Keep running".
    pub keep: &'static str,
    /// Where the deed is posted.
    pub action: String,
    pub danger: bool,
    pub asks: Asks,
}

/// Whether whoever does it says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    Nothing,
    /// A field `reason`, which has to be filled.
    Why,
}

/// The button, and what it opens.
pub fn confirm(asked: Confirm) -> AnyView {
    let Confirm { id, icon: picture, deed, title, says, keep, action, danger, asks } = asked;
    let heading = format!("{id}-title");
    let (labelled, plain_action, plain_says) = (heading.clone(), action.clone(), says.clone());
    let class = if danger { "button danger" } else { "button" };
    let opener = format!("{class} confirm-open");
    view! {
        <button class=opener type="button" commandfor=id command="show-modal">{icon(picture)}{deed}</button>
        <details class="confirm-plain">
            <summary class=class>{icon(picture)}{deed}</summary>
            <form method="post" action=plain_action>
                <p>{plain_says}</p>
                {why(asks, format!("{id}-why-plain"))}
                <div class="row"><button class="button danger">{icon(picture)}{deed}</button></div>
            </form>
        </details>
        <dialog id=id aria-labelledby=labelled>
            <form method="post" action=action>
                <h2 id=heading>{title}</h2>
                <p>{says}</p>
                {why(asks, format!("{id}-why"))}
                <div class="row">
                    <button class="button plain" formmethod="dialog" formnovalidate value="keep">{keep}</button>
                    <button class="button danger">{icon(picture)}{deed}</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

fn why(asks: Asks, id: String) -> Option<AnyView> {
    let field = id.clone();
    (asks == Asks::Why).then(|| {
        view! {
            <div class="field">
                <label for=id>"Why"</label>
                <input id=field name="reason" autocomplete="off" maxlength=LONGEST required/>
            </div>
        }
        .into_any()
    })
}

/// A short field beside a button, for a reason that may be left out.
pub fn why_perhaps() -> AnyView {
    view! { <input class="why" name="reason" autocomplete="off" maxlength=LONGEST aria-label="Why, if there is something to say" placeholder="Why (may stay empty)"/> }
        .into_any()
}
