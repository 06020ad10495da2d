//! An environment: is it well, and if not, what is to be done.

mod drift;
mod orphaned;
mod proof;

use crate::components::arch;
use crate::components::cost::{basis, borne, items};
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{PERSON, STOPPED, WAITING, icon, of_environment, of_job, pill, state};
use crate::components::notice::{notice, slim};
use crate::components::spent::spent;
use crate::components::time::{date, moment};
use crate::components::topology::topology;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::check::Verdict;
use domain::cost::actual::Actual;
use domain::environment::State;
use domain::job;
use domain::moment::duration;
use domain::view::environment::{JobLine, Whole};
use domain::wish::{AppIdentity, TeamRole};
use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::use_params_map;

#[component]
pub fn Environment() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    framed(Place::Environments, find(name), |found, _| page(found))
}

async fn find(name: String) -> Answer<Whole> {
    let (portal, caller) = asked()?;
    portal.environment(&caller, &name).await
}

/// After how many seconds the page is worth asking for again.
fn moving(found: &Whole) -> Option<&'static str> {
    if found.validation.as_ref().is_some_and(|run| run.running) {
        return Some("2");
    }
    matches!(found.row.state, State::Building | State::RollingBack | State::Destroying).then_some("5")
}

fn page(found: Whole) -> AnyView {
    view! {
        <Title text=found.row.name.clone()/>
        {moving(&found).map(|seconds| view! { <Meta http_equiv="refresh" content=seconds/> })}
        {crumbs(vec![("Environments".to_owned(), routes::environments().to_owned())], "Environment")}
        {head(&found)}
        <div class="stack">
            {first(&found)}
            {orphaned::orphaned(&found)}
            {waits(&found)}
            {kept(&found)}
            {topology(&found.parts)}
            <div class="split">
                <div class="stack">{proof::proof(&found)}{drift::drift(&found)}</div>
                <aside class="stack" aria-label="Facts">{(found.row.state != State::Released).then(|| life(&found))}{access(&found)}{jobs(&found)}</aside>
            </div>
        </div>
    }
    .into_any()
}

fn head(found: &Whole) -> AnyView {
    let row = &found.row;
    let open = found.address.as_ref().map(|address| {
        view! { <a class="button" href=address.clone() rel="external noopener" target="_blank">{icon("external-link")}"Open web app"</a> }
    });
    let address = found.address.as_ref().map(|address| {
        let shown = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        view! { <span>{icon("globe")}<a href=address.clone() rel="external noopener" target="_blank">{shown}</a></span> }
    });
    let validate = found.validate.allowed.then(|| {
        view! {
            <form method="post" action=routes::validate(&row.name)>
                <button class="button">{icon("circle-check")}"Validate now"</button>
            </form>
        }
    });
    view! {
        <div class="pagehead">
            <div>
                <h1>{arch::large(&row.arch)}{row.name.clone()}" "{pill(of_environment(row.state), row.state.word())}</h1>
                <p class="meta">
                    <span>{icon("users-round")}"Team "{row.team.clone()}</span>
                    <span>{icon("map-pin")}{row.region.clone()}</span>
                    <span>{icon("layout-template")}{found.template.clone()}</span>
                    {address}
                </p>
            </div>
            <div class="row">{open}{validate}{deeds(found)}</div>
        </div>
    }
    .into_any()
}

/// Ways to another environment, to none, or out of Keystead’s hands.
fn deeds(found: &Whole) -> AnyView {
    let change = found.change.allowed.then(|| {
        view! { <a class="button" href=routes::change(&found.row.name) rel="external">{icon("pencil")}"Change"</a> }
    });
    let destroy = found.destroy.allowed.then(|| {
        view! { <a class="button danger" href=routes::destroy(&found.row.name) rel="external">{icon("trash-2")}"Destroy"</a> }
    });
    let release = found.release.allowed.then(|| {
        view! { <a class="button" href=routes::release(&found.row.name) rel="external">{icon("log-out")}"Release"</a> }
    });
    view! { {change}{release}{destroy} }.into_any()
}

/// A change or a removal that waits for its decision.
fn waits(found: &Whole) -> Option<AnyView> {
    let request = found.waits.as_ref().filter(|_| found.row.state != State::Waiting)?;
    let inside = view! {
        <div class="row spread">
            <p><b>"A request about it waits for its decision."</b>" What stands stays until then."</p>
            <a class="button small" href=routes::request(request) rel="external">"Look at the request"</a>
        </div>
    };
    Some(slim(WAITING, inside.into_any()))
}

/// What Azure keeps of something that is gone.
fn kept(found: &Whole) -> Option<AnyView> {
    if found.kept.is_empty() {
        return None;
    }
    let lines = found.kept.iter().map(|kept| {
        view! { <li>{kept.kind.clone()}" "<b>{kept.name.clone()}</b>" until "{date(kept.until)}</li> }
    });
    let inside = view! { <ul class="stack tiny small-text">{lines.collect_view()}</ul> };
    Some(notice(STOPPED, "What Azure still keeps", inside.into_any()))
}

/// What needs a person comes first, with the one way on.
fn first(found: &Whole) -> Option<AnyView> {
    let newest = found.jobs.first();
    let failed = found
        .validation
        .as_ref()
        .map_or(0, |run| run.results.iter().filter(|result| result.verdict == Verdict::Failed).count());
    match found.row.state {
        State::Waiting => Some(slim(
            WAITING,
            view! {
                <div class="row spread">
                    <p><b>"Its request waits for a decision."</b>" Nothing is made before."</p>
                    <a class="button small" href=routes::request(&found.request) rel="external">"Look at the request"</a>
                </div>
            }
            .into_any(),
        )),
        State::Building | State::RollingBack | State::Destroying | State::Stopped => newest.map(|line| {
            slim(
                of_environment(found.row.state),
                view! {
                    <div class="row spread">
                        <p><b>{found.row.state.word()}": "</b>{found.row.detail.clone()}{found.turn.map(|turn| format!(". {}.", turn.sentence()))}</p>
                        <a class="button small" href=routes::job(&line.id) rel="external">"Watch the job"</a>
                    </div>
                }
                .into_any(),
            )
        }),
        State::NeedsPerson => Some(match newest.filter(|line| line.state == job::State::NeedsPerson) {
            Some(line) => {
                let inside = view! {
                    <p>{found.row.detail.clone()}</p>
                    <div class="row"><a class="button primary small" href=routes::job(&line.id) rel="external">"See why, and go on"</a></div>
                };
                notice(PERSON, "Its job stopped", inside.into_any())
            }
            None => {
                let title = if failed == 1 { "One check fails".to_owned() } else { format!("{failed} checks fail") };
                let inside = view! {
                    <p>"Each says below what was found, why, and what mends it. Validate again afterwards."</p>
                    <div class="row"><a class="button small" href="#checks" rel="external">"See the evidence"</a></div>
                };
                notice(PERSON, title, inside.into_any())
            }
        }),
        State::Released => Some(released(found)),
        State::Ready | State::Gone => None,
    }
}

/// What stood then is listed by the request that let go of it.
fn released(found: &Whole) -> AnyView {
    let request = found.released.as_ref().map(|request| {
        view! { <div class="row"><a class="button small" href=routes::request(request) rel="external">"What stood, and why"</a></div> }
    });
    let inside = view! {
        <p>"Its resources stand on Azure as they did; whoever looks after them now does so there. This page shows what Keystead knew last."</p>
        {request}
    };
    notice(STOPPED, "Keystead has let go of it", inside.into_any())
}

fn life(found: &Whole) -> AnyView {
    let row = &found.row;
    let whole = i64::from(row.lifetime_days);
    let inside = match row.ends {
        Some(ends) => {
            let left = ends.since(found.now) / 86_400_000;
            let words = if left == 1 { "1 day".to_owned() } else { format!("{left} days") };
            let of = format!("{left} of {whole} days left");
            view! {
                <p class="figure-big">{words}<br/><small>"left, until "{date(ends)}</small></p>
                <meter class="full-width" min="0" max=whole low=whole / 8 optimum=whole value=left>{of}</meter>
            }
            .into_any()
        }
        None => view! { <p>{format!("{whole} days, counted from the approval.")}</p> }.into_any(),
    };
    view! {
        <section class="card" aria-labelledby="life">
            <header><h2 id="life">"Lifetime"</h2></header>
            <div class="pad stack small">{inside}</div>
        </section>
        {cost(found)}
    }
    .into_any()
}

/// What it costs by resource, and what was billed; what is gone costs nothing more.
fn cost(found: &Whole) -> Option<AnyView> {
    let estimate = found.cost.as_ref().filter(|_| found.row.state != State::Gone);
    let told = |actual: &Actual| !(actual.this_month.amounts.is_empty() && actual.last_month.amounts.is_empty());
    if estimate.is_none() && !found.actual.as_ref().is_some_and(told) {
        return None;
    }
    let estimated = estimate.map(|estimate| {
        view! {
            <p class="figure-big">{estimate.total().said()}" "<small>"a month, estimated"</small></p>
            {items(estimate)}
            {borne(found.wish.cost_centre.as_deref())}
            {basis(estimate)}
        }
    });
    let billed = found.row.ends.is_some().then(|| spent(found.actual.as_ref()));
    let card = view! {
        <section class="card" aria-labelledby="cost">
            <header><h2 id="cost">"Cost"</h2></header>
            <div class="pad stack small">
                {estimated}
                {billed}
            </div>
        </section>
    };
    Some(card.into_any())
}

/// Who may do what with the secrets, as it was approved.
fn access(found: &Whole) -> AnyView {
    let (app, reads) = match found.wish.roles.app_identity {
        AppIdentity::Workload => ("Workload identity of the app", "reads secrets"),
        AppIdentity::AgentPool => ("Agent pool identity", "reads secrets, from every pod of the cluster"),
    };
    let may = match found.wish.roles.team_role {
        TeamRole::Reader => "sees names and versions",
        TeamRole::SecretsOfficer => "reads and writes secrets",
    };
    let team = format!("Team {}", found.row.team);
    let lines = [
        ("key-round", app.to_owned(), reads),
        ("users-round", team, may),
        ("lock-keyhole", "Keystead".to_owned(), "writes secrets"),
    ];
    let lines = lines.map(|(picture, who, does)| {
        view! { <li class="row tight">{icon(picture)}<span class="name"><b>{who}</b><small>{does}</small></span></li> }
    });
    view! {
        <section class="card" aria-labelledby="access">
            <header>
                <h2 id="access">"Access"</h2>
                <a class="push small-text" href=routes::secrets(&found.row.name) rel="external">"Secrets"</a>
                <a class="small-text" href=routes::access(&found.row.name) rel="external">"Who could, who did"</a>
            </header>
            <ul class="rows">{lines.into_iter().collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn jobs(found: &Whole) -> AnyView {
    let rows = found.jobs.iter().map(job_line).collect_view();
    let inside = if found.jobs.is_empty() {
        view! { <div class="pad"><p class="quiet">"No job yet."</p></div> }.into_any()
    } else {
        view! { <ul class="rows">{rows}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="jobs">
            <header>
                <h2 id="jobs">"Last jobs"</h2>
                <a class="push small-text" href=routes::request(&found.request) rel="external">"The request"</a>
                <a class="small-text" href=routes::jobs_of(&found.row.name, "") rel="external">"All jobs"</a>
            </header>
            {inside}
        </section>
    }
    .into_any()
}

fn job_line(line: &JobLine) -> AnyView {
    let took = line.took_ms.map(|took| format!(", {}", duration(took)));
    let said = line.word.as_ref().map(|word| view! { <small>{word.sentence()}</small> });
    view! {
        <li class="row spread">
            <span class="name"><a href=routes::job(&line.id) rel="external">{line.title.clone()}</a><small>{moment(line.started)}{took}</small>{said}</span>
            {state(of_job(line.state), line.state.word())}
        </li>
    }
    .into_any()
}
