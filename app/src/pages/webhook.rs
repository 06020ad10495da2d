//! One webhook: what it is told, what was delivered, and what can be done about either.

use super::webhooks::{stands, told_of};
use crate::components::confirm::{Asks, Confirm, confirm};
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{FAILED, Look, SUCCEEDED, WAITING, icon, state};
use crate::components::once;
use crate::components::time::moment;
use crate::context::Once;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::webhook::{Deliveries, Delivery, Log, Row, State};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn Webhook() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    let after = use_query_map().get_untracked().get("after").unwrap_or_default();
    let made = use_context::<Once>().unwrap_or_default();
    framed(Place::Elsewhere, find(id, Deliveries { after, limit: None }, made), |found, _| page(found))
}

async fn find(id: String, page: Deliveries, made: Once) -> Answer<(Row, Log, Once)> {
    let (portal, caller) = asked()?;
    let row = portal.webhook(&caller, &id).await?;
    let log = portal.deliveries(&caller, &id, &page).await?;
    Ok((row, log, made))
}

fn page((row, log, made): (Row, Log, Once)) -> AnyView {
    let shown = made.0.map(|(title, secret)| once::shown(title, secret));
    let former = row.former_secret_until.map(|until| {
        view! { <span>"The secret before signs too until "{moment(until)}</span> }
    });
    view! {
        <Title text=row.name.clone()/>
        {crumbs(vec![("Webhooks".to_owned(), routes::webhooks().to_owned())], "Webhook")}
        <div class="pagehead">
            <div>
                <h1>{row.name.clone()}</h1>
                <p class="meta"><span>{row.team.to_string()}</span><span>{row.url.clone()}</span><span>{told_of(&row)}</span>{former}</p>
            </div>
        </div>
        <div class="split">
            <div class="stack">{shown}{deliveries(&row, &log)}</div>
            <aside class="stack" aria-label="Deeds">{deeds(&row)}</aside>
        </div>
    }
    .into_any()
}

fn deeds(row: &Row) -> AnyView {
    let (word, on) = if row.enabled { ("Switch off", "no") } else { ("Switch on", "yes") };
    let test = row.enabled.then(|| {
        view! { <form method="post" action=routes::test_webhook(&row.id)><button class="button block">{icon("activity")}"Send a ping"</button></form> }
    });
    let secret = confirm(Confirm {
        id: "rotate",
        icon: "key-round",
        deed: "Change the secret",
        title: "Change the secret?".to_owned(),
        says: "Another one signs from now on, and is shown once. For 24 hours the present one signs too.".to_owned(),
        keep: "Keep it",
        action: routes::rotate_secret(&row.id),
        danger: false,
        asks: Asks::Nothing,
    });
    let remove = confirm(Confirm {
        id: "remove",
        icon: "circle-stop",
        deed: "Remove",
        title: format!("Remove {}?", row.name),
        says: "Nothing more is sent to it, also what is on its way. Its deliveries go too.".to_owned(),
        keep: "Keep it",
        action: routes::remove_webhook(&row.id),
        danger: true,
        asks: Asks::Nothing,
    });
    view! {
        <section class="card" aria-labelledby="deeds">
            <header><h2 id="deeds">"Stands"</h2></header>
            <div class="pad stack small">
                <p class="stack tiny">{stands(row)}</p>
                {test}
                <form method="post" action=routes::switch_webhook(&row.id)>
                    <input type="hidden" name="on" value=on/>
                    <button class="button block">{icon("refresh-cw")}{word}</button>
                </form>
                {secret}{remove}
            </div>
        </section>
    }
    .into_any()
}

fn deliveries(row: &Row, log: &Log) -> AnyView {
    if log.rows.is_empty() {
        return view! {
            <section class="card" aria-labelledby="log"><header><h2 id="log">"Deliveries"</h2></header>
                <p class="pad quiet">"Nothing was sent to it yet. A ping shows whether it is reached."</p>
            </section>
        }
        .into_any();
    }
    let rows = log.rows.iter().map(|delivery| one(row, delivery)).collect_view();
    let more = log.next.as_ref().map(|next| {
        view! { <footer class="row spread"><span></span><a class="button small" href=routes::webhook_after(&row.id, next) rel="external">"More"</a></footer> }
    });
    view! {
        <section class="card" aria-labelledby="log">
            <header><h2 id="log">"Deliveries"</h2><p class="quiet">"Kept for 30 days."</p></header>
            <ul class="rows">{rows}</ul>
            {more}
        </section>
    }
    .into_any()
}

fn look(state: State) -> (Look, &'static str) {
    match state {
        State::Waiting => (WAITING, "On its way"),
        State::Sent => (SUCCEEDED, "Delivered"),
        State::GivenUp => (FAILED, "Given up"),
    }
}

fn one(row: &Row, delivery: &Delivery) -> AnyView {
    let (picture, word) = look(delivery.state);
    let tries = match (delivery.tries, delivery.last_status) {
        (0, _) => "not tried yet".to_owned(),
        (1, None) => "tried once".to_owned(),
        (tries, None) => format!("tried {tries} times"),
        (1, Some(status)) => format!("answered {status}"),
        (tries, Some(status)) => format!("tried {tries} times, answered {status} last"),
    };
    let next = delivery.next_try_at.filter(|_| delivery.tries > 0);
    let next = next.map(|at| view! { ", again "{moment(at)} });
    let again = (delivery.state != State::Waiting).then(|| {
        let label = format!("Send {} again", delivery.event);
        view! {
            <form method="post" action=routes::redeliver(&row.id, &delivery.id)>
                <button class="button small" aria-label=label>{icon("refresh-cw")}"Send again"</button>
            </form>
        }
    });
    view! {
        <li class="row spread told">
            <span class="name">
                <b>{delivery.event.clone()}</b>
                <small>{moment(delivery.at)}", "{tries}{next}</small>
                <small>{delivery.why.clone()}</small>
            </span>
            <div class="row">{state(picture, word)}{again}</div>
        </li>
    }
    .into_any()
}
