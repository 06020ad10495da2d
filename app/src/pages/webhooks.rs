//! Webhooks: where the events of teams are told to, and the form for another one.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::field::says;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{CANCELLED, FAILED, SUCCEEDED, WARNING, icon, state};
use crate::components::once;
use crate::components::time::moment;
use crate::context::{Once, Typed};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::field::{FieldError, error_of};
use domain::notice::Kind;
use domain::view::webhook::{Filter, List, New, Row};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Webhooks() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let of = |key: &str| query.get(key).unwrap_or_default();
    let filter = Filter { team: of("team"), after: of("after"), limit: None };
    let typed = use_context::<Typed>().unwrap_or_default();
    let made = use_context::<Once>().unwrap_or_default();
    framed(Place::Elsewhere, find(filter, typed, made), |found, _| page(found))
}

struct Found {
    filter: Filter,
    list: List,
    new: New,
    errors: Vec<FieldError>,
    made: Once,
}

async fn find(filter: Filter, typed: Typed, made: Once) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let list = portal.webhooks(&caller, &filter).await?;
    let (text, errors) = typed.0.unwrap_or_default();
    let new = serde_json::from_str(&text).unwrap_or_else(|_| New { team: filter.team.clone(), ..New::default() });
    Ok(Found { filter, list, new, errors, made })
}

fn page(found: Found) -> AnyView {
    let Found { filter, list, new, errors, made } = found;
    let shown = made.0.map(|(title, secret)| once::shown(title, secret));
    let inside = if list.rows.is_empty() { nothing() } else { table(&filter, &list) };
    let form = (!list.teams.is_empty()).then(|| form(&list.teams, &new, &errors));
    view! {
        <Title text="Webhooks"/>
        <div class="pagehead">
            <div>
                <h1>"Webhooks"</h1>
                <p class="lede">"What happens to a team's environments is told to a program of yours, signed, and tried for a day where it does not arrive."</p>
            </div>
        </div>
        <div class="stack">{shown}{inside}{form}</div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let way = view! { <a class="button" href="#make" rel="external">"Subscribe one"</a> };
    let why = "A chat, a ticket system or a pipeline can be told of requests, jobs and drift.";
    empty(&arch::NONE, "Five stones, none laid", "No webhooks yet", why, way.into_any())
}

fn table(filter: &Filter, list: &List) -> AnyView {
    let rows = list.rows.iter().map(row).collect_view();
    let more = list.next.as_ref().map(|next| {
        let href = routes::webhooks_after(&filter.team, next);
        view! { <a class="button small" href=href rel="external">"More"</a> }
    });
    let shown = match list.rows.len() {
        1 => "1 webhook".to_owned(),
        many => format!("{many} webhooks, newest first"),
    };
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of webhooks"</h2>
            <table class="table folds">
                <thead><tr><th scope="col">"Webhook"</th><th scope="col">"Told of"</th><th scope="col">"Stands"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row) -> AnyView {
    let by = format!("{} · {}, by {}", row.team, row.url, short(&row.created_by));
    view! {
        <tr>
            <th scope="row" class="full"><span class="name"><a href=routes::webhook(&row.id) rel="external">{row.name.clone()}</a><small>{by}</small></span></th>
            <td class="full quiet">{told_of(row)}</td>
            <td><span class="name">{stands(row)}</span></td>
        </tr>
    }
    .into_any()
}

pub(super) fn told_of(row: &Row) -> String {
    if row.events.is_empty() { "Everything".to_owned() } else { row.events.join(", ") }
}

pub(super) fn stands(row: &Row) -> AnyView {
    match row.failing_since {
        _ if !row.enabled => state(CANCELLED, "Switched off"),
        None => state(SUCCEEDED, "On"),
        Some(at) => {
            view! { {state(WARNING, "Does not arrive")}<small class="under">"since "{moment(at)}</small> }.into_any()
        }
    }
}

fn form(teams: &[(String, String)], new: &New, errors: &[FieldError]) -> AnyView {
    let wrong = |field: &str| error_of(errors, field).map(|_| "true");
    let beneath = |field: &'static str, hint: &'static str| match error_of(errors, field) {
        Some(error) => says(FAILED, format!("{field}-says"), error.to_owned()),
        None => view! { <p class="hint" id=format!("{field}-says")>{hint}</p> }.into_any(),
    };
    let options = teams.iter().map(|(team, title)| {
        view! { <option value=team.clone() selected=*team == new.team>{title.clone()}</option> }
    });
    let events = Kind::ALL.iter().map(|kind| {
        let checked = new.events.iter().any(|event| event == kind.key());
        view! { <label class="check"><input type="checkbox" name="event" value=kind.key() checked=checked/><code>{kind.key()}</code></label> }
    });
    view! {
        <section class="card" aria-labelledby="make">
            <header><h2 id="make" tabindex="-1">"Subscribe a webhook"</h2></header>
            <form class="pad stack" method="post" action=routes::webhooks()>
                <div class="field">
                    <label for="team">"Team"</label>
                    <select id="team" name="team">{options.collect_view()}</select>
                </div>
                <div class="field">
                    <label for="name">"Name"</label>
                    <input id="name" name="name" value=new.name.clone() required maxlength="60" autocomplete="off"
                        aria-invalid=wrong("name") aria-describedby="name-says"/>
                    {beneath("name", "Who is told: chat.")}
                </div>
                <div class="field">
                    <label for="url">"Address"</label>
                    <input id="url" name="url" type="url" value=new.url.clone() required maxlength="2000" autocomplete="off"
                        spellcheck="false" aria-invalid=wrong("url") aria-describedby="url-says"/>
                    {beneath("url", "Begins with https:// and lies outside this network.")}
                </div>
                <fieldset class="field">
                    <legend>"Events"</legend>
                    <div class="scopes">{events.collect_view()}</div>
                    {beneath("events", "Without a check it is told of everything.")}
                </fieldset>
                <div class="row"><button class="button primary">{icon("plus")}"Subscribe"</button></div>
            </form>
        </section>
    }
    .into_any()
}
