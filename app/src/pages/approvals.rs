//! Approvals: what waits for this person's decision, oldest first, and what was decided lately; nothing is decided from
//! the list.

use super::requests::title;
use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{WARNING, glyph, of_request, of_verb, state};
use crate::components::hand_over::{hand_over, handed};
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::cost::Monthly;
use domain::plan::Verb;
use domain::request::Kind;
use domain::view::Page;
use domain::view::people::Behind;
use domain::view::request::{HandingOver, Row, Show};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Approvals() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").unwrap_or_default();
    framed(Place::Approvals, find(after), |found, frame| page(found, &frame.account))
}

struct Found {
    inbox: Page<Row>,
    decided: Vec<Row>,
    handing: HandingOver,
    behind: Vec<Behind>,
}

async fn find(after: String) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let (inbox, decided, handing, behind) = futures::try_join!(
        portal.requests(&caller, Show::Inbox, &after),
        portal.requests(&caller, Show::Decided, ""),
        portal.handing_over(&caller),
        portal.left_behind(&caller),
    )?;
    Ok(Found { inbox, decided: decided.rows, handing, behind })
}

fn page(found: Found, me: &str) -> AnyView {
    let Found { inbox, decided, handing, behind } = found;
    let counted = match inbox.total {
        0 => "None wait for you.".to_owned(),
        1 => "One waits for you.".to_owned(),
        many => format!("{many} wait for you, oldest first."),
    };
    let inside = match (inbox.rows.is_empty(), behind.is_empty()) {
        (false, _) => waiting(&inbox),
        (true, true) => nothing(),
        (true, false) => ().into_any(),
    };
    view! {
        <Title text="Approvals"/>
        <div class="pagehead">
            <div><h1>"Approvals"</h1><p class="meta"><span>{counted}</span></p></div>
            {hand_over(&handing)}
        </div>
        <div class="stack">{handed(&handing)}{inside}{left_behind(&behind)}{lately(&decided, me)}</div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let way = view! { <a class="button" href=routes::requests() rel="external">"Look at all requests"</a> };
    let why = "Requests that you may decide on arrive here.";
    empty(&arch::ALL, "All stones laid", "Nothing waits for you", why, way.into_any())
}

fn waiting(inbox: &Page<Row>) -> AnyView {
    let rows = inbox.rows.iter().map(row).collect_view();
    let more = inbox.next.as_ref().map(|next| {
        let href = routes::approvals_after(next);
        view! { <footer class="row"><a class="button small" href=href rel="external">"More"</a></footer> }
    });
    view! {
        <section class="card" aria-labelledby="waiting">
            <h2 class="hidden-text" id="waiting">"Waiting for you"</h2>
            <ol class="rows">{rows}</ol>
            {more}
        </section>
    }
    .into_any()
}

/// Environments whose owners have left: each is taken over or ended on its own page.
fn left_behind(behind: &[Behind]) -> Option<AnyView> {
    if behind.is_empty() {
        return None;
    }
    let rows = behind.iter().map(|left| {
        let hidden = format!(": {}", left.environment);
        let href = routes::environment(&left.environment);
        view! {
            <li class="row spread">
                <span class="name">
                    <a href=href.clone() rel="external" data-row="">{left.environment.clone()}</a>
                    <small>{format!("Team {} · was asked for by {}, who has left ", left.team, short(&left.owner))}{moment(left.left)}</small>
                </span>
                <a class="button small" href=href rel="external">"Take it over or end it"<span class="hidden-text">{hidden}</span></a>
            </li>
        }
    });
    let card = view! {
        <section class="card" aria-labelledby="behind">
            <header><h2 id="behind">"Left behind"</h2><p>"Nobody looks after these any more."</p></header>
            <ul class="rows">{rows.collect_view()}</ul>
        </section>
    };
    Some(card.into_any())
}

fn lately(decided: &[Row], me: &str) -> AnyView {
    if decided.is_empty() {
        return ().into_any();
    }
    let rows = decided.iter().map(|row| {
        let by = match &row.decided_by {
            Some(name) if name == me => "you".to_owned(),
            Some(name) => short(name).to_owned(),
            None => "nobody".to_owned(),
        };
        view! {
            <tr>
                <th scope="row"><a href=routes::request(&row.id) rel="external">{title(row)}</a></th>
                <td>{state(of_request(row.state), row.state.word())}</td>
                <td class="wide quiet">{by}</td>
                <td class="n quiet top">{row.decided_at.map(moment)}</td>
            </tr>
        }
    });
    view! {
        <section class="stack small" aria-labelledby="lately">
            <h2 id="lately">"Decided lately"</h2>
            <div class="card">
                <table class="table folds">
                    <thead><tr><th scope="col">"Request"</th><th scope="col">"Decision"</th><th scope="col">"By"</th><th scope="col" class="n">"When"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Its place is there where no price could be had, too.
fn cost(cost: Option<Monthly>) -> AnyView {
    let said = cost.map(|cost| view! { <b>{cost.figure()}</b><small class="quiet">{cost.note()}</small> });
    view! { <div class="ask-cost">{said}</div> }.into_any()
}

/// That there is something to know before one decides.
fn found(findings: usize) -> Option<AnyView> {
    let said = if findings == 1 { "1 finding".to_owned() } else { format!("{findings} findings") };
    (findings > 0)
        .then(|| view! { <span class="tag" data-state=WARNING.state>{glyph(WARNING)}{said}</span> }.into_any())
}

fn row(row: &Row) -> AnyView {
    let (create, _) = of_verb(Verb::Create);
    let picture = match row.kind {
        Kind::Create => arch::picture(&arch::NONE, "Nothing there yet"),
        _ => arch::picture(&arch::ALL, "It stands"),
    };
    let href = routes::request(&row.id);
    let named = title(row);
    let hidden = format!(": {named}");
    let stakes = row.at_stake.iter().map(|stake| view! { <span class="tag">{stake.clone()}</span> }).collect_view();
    view! {
        <li class="ask">
            <div class="ask-arch">{picture}</div>
            <div class="stack tiny">
                <h3><a href=href.clone() rel="external" data-row="">{named}</a></h3>
                <p class="quiet small-text">{row.requester.clone()}", team "{row.team.clone()}" · "{moment(row.sent)}</p>
                {(!row.reason.is_empty()).then(|| view! { <p>{row.reason.clone()}</p> })}
                <p class="row tags">
                    {(row.creates > 0).then(|| view! { <span class="tag" data-state=create.state>{glyph(create)}{format!("{} created", row.creates)}</span> })}
                    {found(row.findings)}
                    {stakes}
                </p>
            </div>
            {cost(row.cost)}
            <a class="button" href=href rel="external">"Look and decide"<span class="hidden-text">{hidden}</span></a>
        </li>
    }
    .into_any()
}
