//! What I am told: the newest notices, what of it is mailed, and for platform engineers what could not be delivered.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{FAILED, Look, SUCCEEDED, WAITING, WARNING, glyph, icon, state};
use crate::components::notice::slim;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::notice::Kind;
use domain::view::notice::{List, MailWay, Mailed, Row, Stand, Undelivered};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Notices() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").unwrap_or_default();
    framed(Place::Elsewhere, find(after), |list, _| page(&list))
}

async fn find(after: String) -> Answer<List> {
    let (portal, caller) = asked()?;
    portal.notices(&caller, &after, None).await
}

fn page(list: &List) -> AnyView {
    let way = match &list.mail {
        MailWay::To(address) => format!("Mail goes to {address}."),
        MailWay::NoAddress => "The directory knows no address of yours: nothing is mailed to you.".to_owned(),
        MailWay::None => "No mail server is configured: you are told here alone.".to_owned(),
    };
    let undelivered = list.undelivered.as_ref().map(|rows| failed(rows));
    let inside = if list.rows.is_empty() { nothing() } else { told(list) };
    view! {
        <Title text="What I am told"/>
        <div class="pagehead">
            <div><h1>"What I am told"</h1><p class="meta"><span>{way}</span></p></div>
        </div>
        <div class="stack">{undelivered}<div class="split">{inside}<aside>{choices(list)}</aside></div></div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let way = view! { <a class="button" href=routes::requests() rel="external">"Look at all requests"</a> };
    let why = "Requests that wait for you, answers to yours, and what becomes of your environments arrive here.";
    empty(&arch::NONE, "Five stones, none laid", "You were told nothing yet", why, way.into_any())
}

fn told(list: &List) -> AnyView {
    let rows = list.rows.iter().map(row).collect_view();
    let more = list.next.as_ref().map(|next| {
        let href = routes::notices_after(next);
        view! { <footer class="row"><a class="button small" href=href rel="external">"Older"</a></footer> }
    });
    view! {
        <section class="card" aria-labelledby="told">
            <h2 class="hidden-text" id="told">"Newest first"</h2>
            <ul class="rows">{rows}</ul>
            {more}
        </section>
    }
    .into_any()
}

fn row(row: &Row) -> AnyView {
    let why = row.mail.as_ref().filter(|mail| mail.stand != Stand::Sent).and_then(|mail| mail.why.clone());
    let why = why.map(|why| view! { <small>{why}</small> });
    view! {
        <li class="row spread told">
            <span class="name"><a href=routes::about(&row.about) rel="external">{row.subject.clone()}</a><small>{moment(row.at)}</small>{why}</span>
            {row.mail.as_ref().map(mailed)}
        </li>
    }
    .into_any()
}

fn mailed(mail: &Mailed) -> AnyView {
    let word = match mail.stand {
        Stand::Sent => "Mailed",
        Stand::Waiting => "Mail waits",
        Stand::GivenUp => "Mail given up",
    };
    state(look(mail.stand), word)
}

fn look(stand: Stand) -> Look {
    match stand {
        Stand::Sent => SUCCEEDED,
        Stand::Waiting => WAITING,
        Stand::GivenUp => FAILED,
    }
}

fn choices(list: &List) -> AnyView {
    let off = list.mail == MailWay::None;
    let without = off.then(|| {
        let said = "Your choice is kept for the day on which a mail server is configured.";
        view! { <p class="hint">{said}</p> }
    });
    let each = list.choices.iter().map(|(kind, mail)| choice(*kind, *mail)).collect_view();
    view! {
        <section class="card" aria-labelledby="mailed">
            <header><h2 id="mailed">"Mail me when"</h2></header>
            <form class="pad stack small" method="post" action=routes::choose_notices()>
                {each}
                <p class="hint">"Whatever you choose, everything stands in the list."</p>
                {without}
                <div class="row"><button class="button">{icon("check")}"Keep"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn choice(kind: Kind, mail: bool) -> AnyView {
    view! { <label class="check"><input type="checkbox" name=kind.key() checked=mail/><span>{kind.word()}</span></label> }
        .into_any()
}

fn failed(rows: &[Undelivered]) -> AnyView {
    if rows.is_empty() {
        return slim(
            SUCCEEDED,
            view! { <p>"Everything that was to be delivered has been, or is on its way."</p> }.into_any(),
        );
    }
    let each = rows.iter().map(undelivered).collect_view();
    view! {
        <section class="card" aria-labelledby="undelivered">
            <header>
                <h2 class="state" id="undelivered" data-state=WARNING.state>{glyph(WARNING)}"Not delivered"</h2>
                <p class="quiet">"What waits is tried again by itself for a day. What was given up is sent again by you, or not at all."</p>
            </header>
            <ul class="rows">{each}</ul>
        </section>
    }
    .into_any()
}

fn undelivered(row: &Undelivered) -> AnyView {
    let to = format!("{} to {}", row.channel, short(&row.recipient));
    let tries = if row.tries == 1 { "tried once".to_owned() } else { format!("tried {} times", row.tries) };
    let label = format!("Send again: {} to {}", row.subject, row.recipient);
    view! {
        <li class="row spread told">
            <span class="name">
                <b>{row.subject.clone()}</b>
                <small>{to}", "{moment(row.at)}", "{tries}</small>
                <small>{row.why.clone()}</small>
            </span>
            <div class="row">
                {state(look(row.stand), row.stand.word())}
                <form method="post" action=routes::repeat_notice(&row.id)>
                    <button class="button small" aria-label=label>{icon("refresh-cw")}"Send again"</button>
                </form>
            </div>
        </li>
    }
    .into_any()
}
