//! A request: what was asked, what an approval permits, what will happen, and the decision or its record.

mod decision;
mod record;
mod wish;

use super::requests::title;
use crate::components::cost::card;
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{PERSON, icon, of_request, pill};
use crate::components::plan_panel::{count, others};
use crate::components::plan_table::{kept, plan_table, stays, stops};
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::id::RequestId;
use domain::request::{Kind, State};
use domain::view::request::Whole;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Request() -> impl IntoView {
    let id = RequestId::new(use_params_map().get_untracked().get("id").unwrap_or_default());
    framed(Place::Requests, find(id), |found, _| page(found))
}

async fn find(id: RequestId) -> Answer<Whole> {
    let (portal, caller) = asked()?;
    portal.request(&caller, &id).await
}

fn page(request: Whole) -> AnyView {
    let named = title(&request.row);
    view! {
        <Title text=named.clone()/>
        {crumbs(vec![("Requests".to_owned(), routes::requests().to_owned())], "Request")}
        {head(&request, named)}
        {record::lapsed(&request)}
        <div class="split">
            <div class="stack">
                {wished(&request)}
                {permits(&request)}
                {match request.row.kind {
                    Kind::Release => stays(&request.plan),
                    _ => view! { {plan_table(&request.plan)}{kept(&request.plan)} }.into_any(),
                }}
                {record::record(&request)}
            </div>
            <aside class="stack" aria-label="Decision">{cost(&request)}{decision::decision(&request)}</aside>
        </div>
        {request.decide.allowed.then(|| bar(&request))}
    }
    .into_any()
}

fn head(request: &Whole, named: String) -> AnyView {
    let row = &request.row;
    let (look, word) =
        if request.decide.allowed { (PERSON, "Waits for you") } else { (of_request(row.state), row.state.word()) };
    let lapses =
        (row.state == State::Waiting).then(|| view! { <span>{icon("hourglass")}"Expires "{moment(row.lapses)}</span> });
    let job = request.job.as_ref().map(
        |job| view! { <a class="button" href=routes::job(job) rel="external">{icon("activity")}"Watch the job"</a> },
    );
    let released = row.kind == Kind::Release && row.state != State::Waiting;
    let environment = (request.job.is_some() || released).then(|| {
        view! { <a class="button" href=routes::environment(&row.environment) rel="external">"The environment"</a> }
    });
    view! {
        <div class="pagehead">
            <div>
                <h1>{named}" "{pill(look, word)}</h1>
                <p class="meta">
                    <span>{icon("user-round")}{row.requester.clone()}", team "{row.team.clone()}</span>
                    <span>{icon("clock")}"Sent "{moment(row.sent)}</span>
                    <span>{icon("fingerprint")}"Plan "<code>{request.digest.clone()}</code>", frozen"</span>
                    {lapses}
                </p>
            </div>
            <div class="row">{job}{environment}</div>
        </div>
    }
    .into_any()
}

fn wished(request: &Whole) -> AnyView {
    let reason = (!request.row.reason.is_empty()).then(|| {
        let words = format!("“{}”", request.row.reason);
        view! { <div class="pad"><p class="lede">{words}</p></div> }
    });
    view! {
        <section class="card" aria-labelledby="asked">
            <header><h2 id="asked">"What was asked"</h2></header>
            {reason}
            {match &request.former {
                Some(former) => wish::changes(former, &request.wish),
                None => wish::lines(&request.wish),
            }}
        </section>
    }
    .into_any()
}

fn permits(request: &Whole) -> AnyView {
    if request.plan.permits.is_empty() {
        return ().into_any();
    }
    let sentences = request.plan.permits.iter().map(|sentence| {
        view! { <li class="row tight">{icon("key-round")}<span>{sentence.clone()}</span></li> }
    });
    if request.row.kind == Kind::Release {
        let heading = if request.row.state == State::Waiting {
            "What Keystead stops doing"
        } else {
            "What Keystead was to stop doing"
        };
        return stops(heading, &request.plan);
    }
    let heading =
        if request.row.state == State::Waiting { "What an approval permits" } else { "What was to be permitted" };
    let heading = if request.decide.allowed { "What your approval permits" } else { heading };
    view! {
        <section class="card" aria-labelledby="permits">
            <header><h2 id="permits">{heading}</h2></header>
            <ul class="rows">{sentences.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// By the prices of when it was sent; a release, another name and another plan are not about money.
fn cost(request: &Whole) -> Option<AnyView> {
    if matches!(request.row.kind, Kind::Release | Kind::Rename | Kind::Replan) {
        return None;
    }
    Some(match &request.cost {
        Some(cost) => card(cost, request.wish.cost_centre.as_deref()),
        None => view! {
            <section class="card" aria-labelledby="cost">
                <header><h2 id="cost">"Cost"</h2></header>
                <div class="pad"><p class="quiet">"No price could be had when it was sent."</p></div>
            </section>
        }
        .into_any(),
    })
}

/// On narrow screens the decision is one step away.
fn bar(request: &Whole) -> AnyView {
    let (done, beside) = (count(&request.plan), others(&request.plan));
    let (first, second) = match &request.cost {
        Some(cost) => (cost.monthly().sentence(), format!("{done}, {beside}")),
        None => (done, beside),
    };
    view! {
        <div class="planbar">
            <span class="name"><b>{first}</b><small>{second}</small></span>
            <a class="button primary" href="#decide" rel="external">"Decide"</a>
        </div>
    }
    .into_any()
}
