//! The record: what was done, by whom and from where, searched and saved.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::icon;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::audit::Act;
use domain::id::{JobId, RequestId};
use domain::view::audit::{Filter, List, Row};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Audit() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let of = |key: &str| query.get(key).unwrap_or_default();
    let filter = Filter {
        person: of("person"),
        environment: of("environment"),
        action: of("action"),
        team: of("team"),
        from: of("from"),
        to: of("to"),
        after: of("after"),
    };
    framed(Place::Audit, find(filter), |(filter, list), _| page(&filter, &list))
}

async fn find(filter: Filter) -> Answer<(Filter, List)> {
    let (portal, caller) = asked()?;
    let list = portal.audit(&caller, &filter).await?;
    Ok((filter, list))
}

fn page(filter: &Filter, list: &List) -> AnyView {
    let sealed = match list.sealed {
        Some((seq, at)) => view! { <span>{format!("Sealed up to number {seq}, ")}{moment(at)}</span> }.into_any(),
        None => view! { <span>"Nothing is sealed yet"</span> }.into_any(),
    };
    // Of the one environment that is looked at, where there is such a one.
    let one = list.rows.iter().find_map(|row| row.environment.as_ref().filter(|name| **name == filter.environment));
    let evidence = one.map(|name| {
        view! { <a class="button" href=routes::evidence(name) rel="external" download="">{icon("download")}"Save its evidence"</a> }
    });
    let inside = if list.rows.is_empty() { nothing(filter) } else { table(filter, list) };
    view! {
        <Title text="Audit"/>
        <div class="pagehead">
            <div><h1>"Audit"</h1><p class="meta">{sealed}</p></div>
            <div class="row">
                {evidence}
                <a class="button" href=routes::audit_lines(filter) rel="external" download="">{icon("download")}"Save as JSON Lines"</a>
                <a class="button" href=routes::audit_table(filter) rel="external" download="">{icon("download")}"Save as CSV"</a>
            </div>
        </div>
        <div class="stack">{search(filter, list)}{inside}{proof(&list.key)}</div>
    }
    .into_any()
}

fn search(filter: &Filter, list: &List) -> AnyView {
    let acts = Act::ALL.iter().map(|act| {
        view! { <option value=act.key() selected=act.key() == filter.action>{act.word()}</option> }
    });
    let teams = (list.teams.len() > 1).then(|| {
        let teams = list.teams.iter().map(|(name, title)| {
            view! { <option value=name.clone() selected=*name == filter.team>{title.clone()}</option> }
        });
        view! {
            <div class="field"><label for="team">"Team"</label>
                <select id="team" name="team"><option value="">"Every team"</option>{teams.collect_view()}</select>
            </div>
        }
    });
    let all = filter.narrows().then(|| {
        view! { <a class="button" href=routes::audit(&Filter::default(), "") rel="external">"Show all"</a> }
    });
    view! {
        <form class="search-record" role="search" aria-label="Search the record" action=routes::audit(&Filter::default(), "")>
            <div class="field"><label for="person">"Person"</label><input id="person" name="person" value=filter.person.clone()/></div>
            <div class="field"><label for="environment">"Environment"</label><input id="environment" name="environment" value=filter.environment.clone()/></div>
            <div class="field"><label for="action">"Action"</label>
                <select id="action" name="action"><option value="">"Every action"</option>{acts.collect_view()}</select>
            </div>
            {teams}
            <div class="field"><label for="from">"From"</label><input id="from" name="from" type="date" value=filter.from.clone()/></div>
            <div class="field"><label for="to">"To"</label><input id="to" name="to" type="date" value=filter.to.clone()/></div>
            <div class="row"><button class="button primary">{icon("search")}"Search"</button>{all}</div>
        </form>
    }
    .into_any()
}

fn nothing(filter: &Filter) -> AnyView {
    if !filter.narrows() {
        let way = view! { <a class="button" href=routes::environments() rel="external">"To the environments"</a> };
        let why = "Sign-ins, requests, decisions and what jobs do to secrets and rights are written down here.";
        return empty(&arch::NONE, "Five stones, none laid", "Nothing was done yet", why, way.into_any());
    }
    let way = view! { <a class="button" href=routes::audit(&Filter::default(), "") rel="external">"Show all"</a> };
    let why = "Nothing in the record is of this person, environment, action and period. Days are days in UTC.";
    empty(&arch::NONE, "Five stones, none laid", "Nothing matches", why, way.into_any())
}

fn table(filter: &Filter, list: &List) -> AnyView {
    let rows = list.rows.iter().map(row).collect_view();
    let more = list.next.as_ref().map(|next| {
        view! { <a class="button small" href=routes::audit(filter, next) rel="external">"More"</a> }
    });
    let shown = match list.rows.len() {
        1 => "1 entry".to_owned(),
        shown => format!("{shown} entries, newest first"),
    };
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"Entries of the record"</h2>
            <table class="table folds record">
                <thead><tr><th scope="col">"What"</th><th scope="col">"On what"</th><th scope="col">"Who"</th><th scope="col">"When"</th><th scope="col" class="n">"Number"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row) -> AnyView {
    let digest = row.digest.as_ref().map(|digest| {
        let short = digest.get(..12).unwrap_or(digest).to_owned();
        view! { <small>"plan "<code title=digest.clone()>{short}</code></small> }
    });
    // What only machines read stands behind a word; the export has all of it.
    let (ids, told): (Vec<_>, Vec<_>) =
        row.detail.iter().partition(|(name, value)| name == "job" || value.starts_with("/subscriptions/"));
    let said = |all: &[&(String, String)]| {
        all.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(" · ")
    };
    let detail = (!told.is_empty()).then(|| view! { <small>{said(&told)}</small> });
    let ids = (!ids.is_empty()).then(|| {
        view! { <details class="ids"><summary><small>"Identifiers"</small></summary><small>{said(&ids)}</small></details> }
    });
    let place = [row.environment.as_deref(), row.team.as_deref()];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let behalf =
        row.on_behalf_of.as_ref().map(|name| view! { <small>{format!("on behalf of {}", short(name))}</small> });
    let number = row.seq.map_or_else(|| "Not sealed yet".to_owned(), |seq| seq.to_string());
    let (person, name) = (short(&row.person).to_owned(), row.person.clone());
    view! {
        <tr>
            <th scope="row" class="full"><span class="name"><b>{row.act.clone()}</b>{detail}{digest}{ids}</span></th>
            <td class="full"><span class="name">{subject(row)}<small>{place}</small></span></td>
            <td><span class="name"><span title=name>{person}</span>{behalf}<small>{row.way.clone()}</small></span></td>
            <td class="quiet when">{moment(row.at)}</td>
            <td class="n wide quiet">{number}</td>
        </tr>
    }
    .into_any()
}

/// Leads to where it can be seen, where there is such a page.
fn subject(row: &Row) -> AnyView {
    let (kind, id, name) = &row.subject;
    let href = match kind.as_str() {
        "request" => Some(routes::request(&RequestId::new(id.as_str()))),
        "job" => Some(routes::job(&JobId::new(id.as_str()))),
        "resource" => id.split('/').next().map(|job| routes::job(&JobId::new(job))),
        "environment" => Some(routes::environment(name)),
        "policy" => Some(routes::policy(id)),
        _ => None,
    };
    let name = name.clone();
    match href {
        Some(href) => view! { <a href=href rel="external">{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    }
}

fn proof(key: &str) -> AnyView {
    view! {
        <section class="card" aria-labelledby="proof">
            <header><h2 id="proof">"Proof"</h2></header>
            <div class="pad stack small">
                <p>"A file of JSON Lines holds the chain over every entry and its signed checkpoints. It is checked without Keystead being reached; entries that the search leaves out are in it as hashes alone."</p>
                <p class="key"><code>{format!("keystead audit verify FILE --key {key}")}</code></p>
            </div>
        </section>
    }
    .into_any()
}
