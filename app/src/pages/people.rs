//! People: who has an account, what each holds, of whom the directory says that they have left, and who has.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{STOPPED, WARNING, icon, state};
use crate::components::notice::slim;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::{Role, short};
use domain::view::people::{Directory, Filter, List, Row, Show};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn People() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let of = |key: &str| query.get(key).unwrap_or_default();
    let show = Show::ALL.into_iter().find(|show| show.key() == of("show")).unwrap_or_default();
    let filter = Filter { show, search: of("q"), after: of("after") };
    framed(Place::Elsewhere, find(filter), |(filter, list), _| page(&filter, &list))
}

async fn find(filter: Filter) -> Answer<(Filter, List)> {
    let (portal, caller) = asked()?;
    let list = portal.people(&caller, &filter).await?;
    Ok((filter, list))
}

fn page(filter: &Filter, list: &List) -> AnyView {
    let counted = match list.here {
        1 => "1 account".to_owned(),
        here => format!("{here} accounts"),
    };
    let inside = if list.rows.is_empty() { nothing(filter) } else { table(filter, list) };
    view! {
        <Title text="People"/>
        <div class="pagehead">
            <div><h1>"People"</h1><p class="meta"><span>{counted}</span>{looked(list)}</p></div>
        </div>
        <div class="stack">{may_not(list)}{narrow(filter, list)}{inside}</div>
    }
    .into_any()
}

/// When the directory was asked last, where it told.
fn looked(list: &List) -> Option<AnyView> {
    let looked = list.looked.as_ref().filter(|looked| looked.refused.is_none())?;
    Some(view! { <span>"Held against the directory "{moment(looked.at)}</span> }.into_any())
}

fn may_not(list: &List) -> Option<AnyView> {
    let why = list.looked.as_ref()?.refused.clone()?;
    Some(slim(WARNING, view! { <p>{why}</p> }.into_any()))
}

fn narrow(filter: &Filter, list: &List) -> AnyView {
    let chips = [
        (Show::Here, "", "Here", list.here),
        (Show::Perhaps, "perhaps", "Perhaps left", list.perhaps),
        (Show::Left, "left", "Left", list.left),
    ]
    .map(|(choice, key, word, count)| {
        let here = (choice == filter.show).then_some("true");
        let href = routes::people_where(key, &filter.search, "");
        view! { <a href=href rel="external" aria-current=here>{word}" "<span class="count">{count}</span></a> }
    });
    let show = if filter.show == Show::Here { "" } else { filter.show.key() };
    view! {
        <div class="row spread">
            <nav class="chips" aria-label="Show">{chips.into_iter().collect_view()}</nav>
            <form class="find" role="search" aria-label="Find a person" action=routes::people()>
                {(!show.is_empty()).then(|| view! { <input type="hidden" name="show" value=show/> })}
                <label class="with-icon">
                    {icon("search")}<span class="hidden-text">"Find a person"</span>
                    <input type="search" name="q" placeholder="Find a person" value=filter.search.clone()/>
                </label>
            </form>
        </div>
    }
    .into_any()
}

fn nothing(filter: &Filter) -> AnyView {
    let way = view! { <a class="button" href=routes::people() rel="external">"Show who is here"</a> };
    let (title, why) = match filter.show {
        _ if !filter.search.is_empty() => ("Nobody matches", "No account name here contains it."),
        Show::Here => ("Nobody is here", "Whoever signs in appears here."),
        Show::Perhaps => ("Nobody seems to have left", "The directory calls no account disabled or gone."),
        Show::Left => ("Nobody has left", "Whoever is marked as having left appears here."),
    };
    empty(&arch::ALL, "All stones laid", title, why, way.into_any())
}

fn table(filter: &Filter, list: &List) -> AnyView {
    let rows = list.rows.iter().map(|found| row(found, list.mark.allowed)).collect_view();
    let key = if filter.show == Show::Here { "" } else { filter.show.key() };
    let more = list.next.as_ref().map(|next| {
        let href = routes::people_where(key, &filter.search, next);
        view! { <a class="button small" href=href rel="external">"More"</a> }
    });
    let shown = format!("{} shown, by name", list.rows.len());
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of people"</h2>
            <table class="table folds">
                <thead><tr><th scope="col">"Person"</th><th scope="col">"Account"</th><th scope="col">"Open here"</th><th scope="col">"Signed in last"</th><th scope="col" class="n">"Left"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row, may_mark: bool) -> AnyView {
    let roles: Vec<&str> = row.roles.iter().copied().map(Role::word).collect();
    let place = [row.teams.join(" and "), roles.join(", ")];
    let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    view! {
        <tr>
            <th scope="row" class="full"><span class="name"><b>{row.name.clone()}</b><small>{place}</small></span></th>
            <td><span class="name">{stands(row)}</span></td>
            <td class="full quiet">{open(row)}</td>
            <td class="quiet">{moment(row.seen)}</td>
            <td class="n">{may_mark.then(|| mark(row))}</td>
        </tr>
    }
    .into_any()
}

fn stands(row: &Row) -> AnyView {
    match (&row.left, row.directory) {
        (Some(left), _) => {
            let by = short(&left.by).to_owned();
            view! { {state(STOPPED, "Has left")}<small class="under">{moment(left.at)}", said "{by}</small> }.into_any()
        }
        (None, Some(Directory::Disabled)) => state(WARNING, "Disabled in the directory"),
        (None, Some(Directory::Gone)) => state(WARNING, "Gone from the directory"),
        (None, _) => view! { <span class="quiet">"Here"</span> }.into_any(),
    }
}

/// "2 sessions, 1 token, 3 environments".
fn open(row: &Row) -> String {
    let parts = [
        (row.sessions, "session", "sessions"),
        (row.tokens, "token", "tokens"),
        (row.environments, "environment", "environments"),
        (row.requests, "open request", "open requests"),
    ];
    let said = parts.into_iter().filter(|(count, _, _)| *count > 0);
    let said: Vec<String> =
        said.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })).collect();
    if said.is_empty() { "Nothing open".to_owned() } else { said.join(", ") }
}

fn mark(row: &Row) -> AnyView {
    let name = row.name.clone();
    match row.left {
        Some(_) => {
            let label = format!("{name} is back");
            view! {
                <form method="post" action=routes::come_back()>
                    <input type="hidden" name="account" value=row.id.0.clone()/>
                    <button class="button small" aria-label=label>{icon("undo-2")}"Is back"</button>
                </form>
            }
            .into_any()
        }
        None => {
            let label = format!("{name} has left");
            view! { <a class="button small" href=routes::leaving(&row.id) rel="external" aria-label=label>{icon("log-out")}"Has left"</a> }.into_any()
        }
    }
}
