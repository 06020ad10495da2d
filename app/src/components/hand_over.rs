//! Handing approvals over while one is away: a dialog, or a disclosure where nothing is scripted; and what is handed over
//! now, with the way back.

use super::glyph::{WAITING, glyph, icon};
use super::time::date;
use crate::routes;
use domain::Moment;
use domain::account::short;
use domain::view::request::{Handed, HandingOver};
use leptos::prelude::*;

/// Days that the form proposes.
const A_WEEK: i64 = 7 * 86_400_000;

/// The button with its form, for who decides and has not handed over.
pub fn hand_over(handing: &HandingOver) -> AnyView {
    if !handing.decides || handing.handed.is_some() {
        return ().into_any();
    }
    if handing.to.is_empty() {
        return view! { <p class="hint">"Nobody else decides here, to whom you could hand over."</p> }.into_any();
    }
    let plain = fields(handing, "plain");
    view! {
        <button class="button confirm-open" type="button" commandfor="hand-over" command="show-modal">{icon("arrow-right-left")}"Hand over"</button>
        <details class="confirm-plain">
            <summary class="button">{icon("arrow-right-left")}"Hand over"</summary>
            <form method="post" action=routes::hand_over()>
                {plain}
                <div class="row"><button class="button primary">"Hand over"</button></div>
            </form>
        </details>
        <dialog id="hand-over" aria-labelledby="hand-over-title">
            <form method="post" action=routes::hand_over()>
                <h2 id="hand-over-title">"Hand over your approvals"</h2>
                {fields(handing, "asked")}
                <div class="row">
                    <button class="button plain" formmethod="dialog" formnovalidate value="keep">"Not now"</button>
                    <button class="button primary">"Hand over"</button>
                </div>
            </form>
        </dialog>
    }
    .into_any()
}

fn fields(handing: &HandingOver, place: &str) -> AnyView {
    let (to, until, hint) = (format!("to-{place}"), format!("until-{place}"), format!("until-hint-{place}"));
    let (to_field, until_field, described) = (to.clone(), until.clone(), hint.clone());
    let names = handing.to.iter().map(|name| view! { <option value=name.clone()>{name.clone()}</option> });
    let now = handing.now.unwrap_or_default();
    let day = |at: Moment| at.rfc3339().chars().take(10).collect::<String>();
    view! {
        <div class="field"><label for=to>"To"</label><select id=to_field name="to">{names.collect_view()}</select></div>
        <div class="field">
            <label for=until>"Until"</label>
            <input id=until_field name="until" type="date" required min=day(now) value=day(now.plus(A_WEEK)) aria-describedby=described/>
            <p class="hint" id=hint>"Requests go there too until the end of that day, UTC. Nobody decides on an own request. The record shows both names."</p>
        </div>
    }
    .into_any()
}

/// What is handed over now, by the caller and to the caller.
pub fn handed(handing: &HandingOver) -> AnyView {
    let own = handing.handed.as_ref().map(|handed| {
        view! {
            <section class="notice slim" data-state=WAITING.state>
                {glyph(WAITING)}
                <p>{short(&handed.to).to_owned()}" decides for you until "{last(handed)}". You still can, too."</p>
                <form method="post" action=routes::take_back()><button class="button small">{icon("undo-2")}"Take back"</button></form>
            </section>
        }
    });
    let taken = handing.taken.iter().map(|handed| {
        view! {
            <section class="notice slim" data-state=WAITING.state>
                {glyph(WAITING)}
                <p>"You decide for "{short(&handed.from).to_owned()}" until "{last(handed)}"."</p>
            </section>
        }
    });
    view! { {own}{taken.collect_view()} }.into_any()
}

/// The last day, not the midnight after it.
fn last(handed: &Handed) -> AnyView {
    date(handed.until.plus(-1))
}
