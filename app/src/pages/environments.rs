//! Environments: what needs a person first, then everything, found by name, owner or resource.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{WAITING, WARNING, icon, of_environment, state};
use crate::components::notice::slim;
use crate::components::quota::used;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::Moment;
use domain::account::short;
use domain::cost::Amount;
use domain::cost::actual::ByTeam;
use domain::environment::State;
use domain::view::Frame;
use domain::view::environment::{Filter, List, Row, Show, TeamQuota};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Environments() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let of = |key: &str| query.get(key).unwrap_or_default();
    let show = match of("show").as_str() {
        "mine" => Show::Mine,
        "needs-person" => Show::NeedsPerson,
        "gone" => Show::Gone,
        _ => Show::All,
    };
    let filter = Filter { show, search: of("q"), team: of("team"), after: of("after"), ..Filter::default() };
    framed(Place::Environments, find(filter), |(filter, list), frame| page(&filter, list, frame))
}

async fn find(filter: Filter) -> Answer<(Filter, List)> {
    let (portal, caller) = asked()?;
    let list = portal.environments(&caller, &filter).await?;
    Ok((filter, list))
}

fn page(filter: &Filter, list: List, frame: &Frame) -> AnyView {
    let (inbox, requests) = (frame.inbox, frame.requests);
    let first_run = list.all == 0 && *filter == Filter::default();
    let new = requests.then(|| {
        view! { <a class="button primary" href=routes::new_environment() rel="external">{icon("plus")}"New environment"</a> }
    });
    let teams = list.teams.len();
    let counted = match (list.all, teams) {
        (1, _) => "1 environment".to_owned(),
        (all, 0 | 1) => format!("{all} environments"),
        (all, teams) => format!("{all} in {teams} teams"),
    };
    let cost = totals(&list.sums).into_iter().map(|sum| {
        let said = format!("{} a month", sum.whole());
        view! { <span>{said}</span> }
    });
    let cost = cost.collect_view();
    let billed = list.actual.as_ref().map(|actual| {
        let of = |sum: Amount| view! { <span>{format!("{} billed in {}", sum.said(), actual.month.name())}</span> };
        totals(&actual.sums).into_iter().map(of).collect_view()
    });
    let teams = by_team(&list.sums, list.actual.as_ref());
    let quotas = quotas(&list.quotas);
    let inside = if first_run { nothing_yet(requests) } else { listed(filter, list) };
    view! {
        <Title text="Environments"/>
        <div class="pagehead">
            <div><h1>"Environments"</h1><p class="meta"><span>{counted}</span>{cost}{billed}</p></div>
            {(!first_run).then_some(new)}
        </div>
        <div class="stack">{(inbox > 0).then(|| waiting(inbox))}{inside}{quotas}{teams}</div>
    }
    .into_any()
}

/// Over all teams, a sum a currency.
fn totals(sums: &[(String, Amount)]) -> Vec<Amount> {
    let mut totals: Vec<Amount> = Vec::new();
    for (_, sum) in sums {
        match totals.iter_mut().find(|total| total.currency == sum.currency) {
            Some(total) => *total = total.plus(*sum),
            None => totals.push(*sum),
        }
    }
    totals
}

/// What each team pays, where there are several.
fn by_team(sums: &[(String, Amount)], actual: Option<&ByTeam>) -> Option<AnyView> {
    let Some(actual) = actual else { return estimated_by_team(sums) };
    let mut teams: Vec<&String> = sums.iter().chain(&actual.sums).map(|(team, _)| team).collect();
    teams.sort();
    teams.dedup();
    if teams.len() < 2 {
        return None;
    }
    let rows = teams.into_iter().map(|team| {
        let (estimated, billed) = (of_team(team, sums), of_team(team, &actual.sums));
        view! { <tr><th scope="row">{team.clone()}</th><td class="n">{estimated}</td><td class="n">{billed}</td></tr> }
    });
    let rows = rows.collect_view();
    let until = actual.until.map(|day| format!(", told up to {}", day.said())).unwrap_or_default();
    let billed = format!("{} so far", actual.month.name());
    let says = format!("Estimated: a month of everything that is not gone. Billed: also what is gone{until}.");
    Some(
        view! {
            <section class="card" aria-labelledby="by-team">
                <header><h2 id="by-team">"Cost by team"</h2><p>{says}</p></header>
                <table class="table">
                    <thead><tr><th scope="col">"Team"</th><th scope="col" class="n">"Estimated"</th><th scope="col" class="n">{billed}</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </section>
        }
        .into_any(),
    )
}

/// An amount a currency; nothing where there is none.
fn of_team(team: &str, sums: &[(String, Amount)]) -> String {
    let of = sums.iter().filter(|(name, _)| name == team).map(|(_, sum)| sum.said());
    of.collect::<Vec<_>>().join(" and ")
}

fn estimated_by_team(sums: &[(String, Amount)]) -> Option<AnyView> {
    let lines = sums.iter().map(|(team, sum)| view! { <div><dt>{team.clone()}</dt><dd>{sum.said()}</dd></div> });
    let card = (sums.len() > 1).then(|| lines.collect_view())?;
    Some(
        view! {
            <section class="card" aria-labelledby="by-team">
                <header><h2 id="by-team">"Cost by team"</h2><p>"A month, estimated, of everything that is not gone."</p></header>
                <div class="pad"><dl class="lines sums">{card}</dl></div>
            </section>
        }
        .into_any(),
    )
}

/// How much each team may still hold, and the way to what one could end.
fn quotas(quotas: &[TeamQuota]) -> AnyView {
    let each = quotas.iter().map(|one| {
        let (id, title) = (format!("quota-{}", one.team), format!("Quota of team {}", one.quota.team));
        let href = routes::environments_where(show_key(Show::Mine), "", &one.team, "");
        view! {
            <section class="card" aria-labelledby=id.clone()>
                <header><h2 id=id.clone()>{title}</h2><a class="push small-text" href=href rel="external">"Which of mine could end"</a></header>
                <div class="pad quota-used">{used(&one.quota)}</div>
            </section>
        }
    });
    each.collect_view().into_any()
}

fn waiting(inbox: i64) -> AnyView {
    let words = if inbox == 1 {
        "One request waits for your decision.".to_owned()
    } else {
        format!("{inbox} requests wait for your decision.")
    };
    slim(
        WAITING,
        view! {
            <div class="row spread">
                <p><b>{words}</b></p>
                <a class="button small" href=routes::approvals() rel="external">"Open the inbox"{icon("arrow-right")}</a>
            </div>
        }
        .into_any(),
    )
}

fn nothing_yet(requests: bool) -> AnyView {
    if !requests {
        let why = "Environments of every team appear here as soon as somebody asks for one.";
        return empty(&arch::NONE, "Five stones, none laid", "No environment yet", why, ().into_any());
    }
    let why = "Answer four questions. The plan shows what would be made before anyone is asked.";
    let way = view! { <a class="button primary" href=routes::new_environment() rel="external">{icon("plus")}"New environment"</a> };
    empty(&arch::NONE, "Five stones, none laid", "No environment yet", why, way.into_any())
}

fn listed(filter: &Filter, list: List) -> AnyView {
    let rows = if list.rows.is_empty() { nothing_found(filter, &list) } else { table(filter, &list) };
    view! { <div class="row spread">{chips(filter, &list)}{narrow(filter, &list)}</div>{rows} }.into_any()
}

fn show_key(show: Show) -> &'static str {
    match show {
        Show::All => "",
        Show::Mine => "mine",
        Show::NeedsPerson => "needs-person",
        Show::Gone => "gone",
    }
}

fn chips(filter: &Filter, list: &List) -> AnyView {
    let chips = [
        (Show::All, "All", Some(list.all)),
        (Show::Mine, "Mine", Some(list.mine)),
        (Show::NeedsPerson, "Needs a person", Some(list.needs_person)),
        (Show::Gone, "Gone", None),
    ];
    let chips = chips.map(|(show, word, count)| {
        let href = routes::environments_where(show_key(show), &filter.search, &filter.team, "");
        let here = (filter.show == show).then_some("true");
        view! {
            <a href=href rel="external" aria-current=here>{word}{count.map(|count| view! { " "<span class="count">{count}</span> })}</a>
        }
    });
    view! { <nav class="chips" aria-label="Show">{chips.into_iter().collect_view()}</nav> }.into_any()
}

fn narrow(filter: &Filter, list: &List) -> AnyView {
    let teams = (list.teams.len() > 1).then(|| {
        let options = list.teams.iter().map(|(name, title)| {
            view! { <option value=name.clone() selected=*name == filter.team>{title.clone()}</option> }
        });
        view! {
            <label><span class="hidden-text">"Team"</span>
                <select name="team"><option value="">"Every team"</option>{options.collect_view()}</select>
            </label>
        }
    });
    let show =
        (filter.show != Show::All).then(|| view! { <input type="hidden" name="show" value=show_key(filter.show)/> });
    view! {
        <form class="row filter" role="search" aria-label="Filter environments" action=routes::environments()>
            {show}
            <label class="with-icon">
                {icon("list-filter")}<span class="hidden-text">"Name, owner or Azure resource"</span>
                <input type="search" name="q" placeholder="Name or owner" value=filter.search.clone()/>
            </label>
            {teams}
            <button class="button">"Filter"</button>
        </form>
    }
    .into_any()
}

fn nothing_found(filter: &Filter, list: &List) -> AnyView {
    let everything = view! { <a class="button" href=routes::environments() rel="external">"Show all"</a> }.into_any();
    if filter.search.is_empty() {
        let (title, why) = match filter.show {
            Show::NeedsPerson => ("Nothing needs a person", "Everything that is there stands or is on its way."),
            Show::Mine => ("None of these is yours", "What you ask for appears here."),
            Show::Gone => ("Nothing is gone", "Environments that were rolled back or refused are kept here."),
            Show::All => ("Nothing here", "This team has no environment."),
        };
        return empty(&arch::ALL, "All stones laid", title, why, everything);
    }
    let nearest = list.nearest.as_ref().map(|name| format!(" The nearest is {name}.")).unwrap_or_default();
    let way = match &list.nearest {
        Some(name) => {
            let (href, words) = (routes::environment(name), format!("Open {name}"));
            view! { <div class="row"><a class="button primary" href=href rel="external">{words}</a>{everything}</div> }
                .into_any()
        }
        None => everything,
    };
    let title = format!("Nothing matches “{}”", filter.search);
    empty(
        &arch::NONE,
        "Five stones, none laid",
        title,
        format!("No name, owner or resource contains it.{nearest}"),
        way,
    )
}

fn table(filter: &Filter, list: &List) -> AnyView {
    let rows = list.rows.iter().map(|found| row(found, list.now)).collect_view();
    let more = list.next.as_ref().map(|next| {
        let href = routes::environments_where(show_key(filter.show), &filter.search, &filter.team, next);
        view! { <a class="button small" href=href rel="external">"More"</a> }
    });
    let shown = list.rows.len();
    let of = match filter.show {
        Show::Mine => list.mine,
        Show::NeedsPerson => list.needs_person,
        Show::All => list.all,
        Show::Gone => shown as i64,
    };
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of environments"</h2>
            <table class="table linked folds">
                <thead><tr><th scope="col">"Environment"</th><th scope="col">"State"</th><th scope="col">"Owner"</th><th scope="col">"Lifetime left"</th><th scope="col" class="n">"Cost a month"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{format!("{shown} of {of}, what needs a person first")}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row, now: Moment) -> impl IntoView + use<> {
    let place = format!("{} · {}", row.team, row.region);
    let (name, detail, owner) = (row.name.clone(), row.detail.clone(), short(&row.owner).to_owned());
    view! {
        <tr>
            <th scope="row"><div class="row tight mid">{arch::small(&row.arch)}<span class="name"><a href=routes::environment(&row.name) rel="external" data-row="">{name}</a><small>{place}</small></span></div></th>
            <td><span class="name">{state(of_environment(row.state), row.state.word())}<small class="under">{detail}</small></span></td>
            <td class="wide quiet">{owner}</td>
            <td class="low">{lifetime(row, now)}</td>
            <td class="n top">{monthly(row)}</td>
        </tr>
    }
}

/// Of what is gone nothing is paid any more; of what was released Keystead does not know it.
fn monthly(row: &Row) -> Option<String> {
    row.monthly.filter(|_| !matches!(row.state, State::Gone | State::Released)).map(Amount::whole)
}

fn lifetime(row: &Row, now: Moment) -> AnyView {
    let whole = i64::from(row.lifetime_days);
    match row.ends {
        _ if matches!(row.state, State::Gone | State::Released) => ().into_any(),
        None => view! { <span class="quiet">{format!("{whole} days")}</span> }.into_any(),
        Some(ends) => {
            let days = ends.since(now) / 86_400_000;
            let words = match days {
                0 if ends <= now => "Ended".to_owned(),
                0 => "Under a day".to_owned(),
                1 => "1 day".to_owned(),
                days => format!("{days} days"),
            };
            let of = format!("{days} of {whole} days");
            let said = if days < 1 { state(WARNING, words) } else { words.into_any() };
            view! {
                <span class="name"><span>{said}</span><meter min="0" max=whole low=whole / 8 optimum=whole value=days>{of}</meter></span>
            }
            .into_any()
        }
    }
}
