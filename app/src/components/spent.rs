//! What Azure has billed for an environment, beside what it was estimated to cost.

use super::glyph::turn;
use super::time::moment;
use domain::cost::actual::{Actual, COUNTS, Unread};
use leptos::prelude::*;

/// This month's and the last one's figures, with up to which day Azure has told; or why there are none.
pub fn spent(actual: Option<&Actual>) -> AnyView {
    let Some(actual) = actual else {
        return section(
            view! { <p class="small-text quiet">"Not read here; cost.actual in the configuration switches it on."</p> }
                .into_any(),
        );
    };
    let refused = actual.refused.as_ref().map(refused);
    if actual.read.is_none() {
        let waits = actual.refused.is_none().then(|| {
            view! { <p class="small-text quiet">"Not read yet. Azure is asked every few hours, and tells of a day one or two days later."</p> }
        });
        return section(view! { {waits}{refused} }.into_any());
    }
    // Of a month in which it did not stand there is nothing to say.
    let last = Some(&actual.last_month).filter(|spent| !spent.amounts.is_empty());
    let lines = [(actual.this_month.month.name().to_owned() + " so far", &actual.this_month)]
        .into_iter()
        .chain(last.map(|last| (last.month.name().to_owned(), last)))
        .map(|(name, spent)| view! { <div><dt>{name}</dt><dd>{spent.said()}</dd></div> });
    let until = actual
        .until
        .map_or_else(|| "Azure has told of no day yet".to_owned(), |day| format!("Told up to {}", day.said()));
    let counts = COUNTS.map(|sentence| view! { <li>{sentence}</li> });
    section(
        view! {
            <dl class="lines sums small-text">{lines.collect_view()}</dl>
            {refused}
            <details class="more">
                <summary>{turn()}<span>{until}</span></summary>
                <div class="stack small small-text quiet">
                    <p>"Azure’s figures come up to two days late"{actual.read.map(|at| view! { ", read "{moment(at)} })}"."</p>
                    <ul class="plain-list">{counts.into_iter().collect_view()}</ul>
                </div>
            </details>
        }
        .into_any(),
    )
}

/// A part of the card with a title of its own.
fn section(inside: AnyView) -> AnyView {
    view! { <div class="billed stack small"><h3>"Billed by Azure"</h3>{inside}</div> }.into_any()
}

fn refused(unread: &Unread) -> AnyView {
    let command = unread.command.clone().map(|command| view! { <p class="command"><code>{command}</code></p> });
    view! { <div class="stack tiny small-text"><p>{unread.why.clone()}</p>{command}</div> }.into_any()
}
