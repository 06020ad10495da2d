//! Tokens: what programs show in place of somebody; made, listed, and on their way to be revoked.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{CANCELLED, SUCCEEDED, icon, state};
use crate::components::once;
use crate::components::time::moment;
use crate::components::token_form::{TokenForm, token_form};
use crate::context::{Once, Typed};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::short;
use domain::permission::Action;
use domain::view::token::{Filter, List, Row, State};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Tokens() -> impl IntoView {
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
    form: TokenForm,
    made: Once,
}

async fn find(filter: Filter, typed: Typed, made: Once) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let list = portal.tokens(&caller, &filter).await?;
    let form = TokenForm::of(list.offer.clone(), typed, &filter.team);
    Ok(Found { filter, list, form, made })
}

fn page(found: Found) -> AnyView {
    let Found { filter, list, form, made } = found;
    let shown = made.0.map(|(title, secret)| once::shown(title, secret));
    let inside = if list.rows.is_empty() { nothing() } else { table(&filter, &list) };
    view! {
        <Title text="Tokens"/>
        <div class="pagehead">
            <div>
                <h1>"Tokens"</h1>
                <p class="lede">"A program shows a token in place of somebody, and may do no more than its owner may and the token lets it."</p>
            </div>
        </div>
        <div class="stack">{shown}{inside}{token_form(form)}</div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let way = view! { <a class="button" href="#make" rel="external">"Make one"</a> };
    let why = "A token of yours acts for you. A service token is a team's: it goes on when somebody leaves.";
    empty(&arch::NONE, "Five stones, none laid", "No tokens yet", why, way.into_any())
}

fn table(filter: &Filter, list: &List) -> AnyView {
    let rows = list.rows.iter().map(row).collect_view();
    let more = list.next.as_ref().map(|next| {
        let href = routes::tokens_after(&filter.team, next);
        view! { <a class="button small" href=href rel="external">"More"</a> }
    });
    let shown = match list.rows.len() {
        1 => "1 token".to_owned(),
        many => format!("{many} tokens, newest first"),
    };
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of tokens"</h2>
            <table class="table folds">
                <thead><tr><th scope="col">"Token"</th><th scope="col">"May"</th><th scope="col">"Use"</th><th scope="col">"Ends"</th><th scope="col" class="n">"Revoke"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

/// As people call it.
pub(super) fn name(row: &Row) -> String {
    match (&row.service_of, row.name.as_str()) {
        (Some(_), _) => row.owner.clone(),
        (None, "") => "Without a name".to_owned(),
        (None, name) => name.to_owned(),
    }
}

/// "Ask for environments, Run the checks · Payments".
pub(super) fn may(row: &Row) -> String {
    let words: Vec<&str> = row.scopes.iter().filter(|scope| **scope != Action::See).map(|scope| scope.word()).collect();
    let scopes = match (row.scopes.is_empty(), words.as_slice()) {
        (true, _) if row.service_of.is_some() => "Whatever a member of the team may".to_owned(),
        (true, _) => "Whatever its owner may".to_owned(),
        (false, []) => "Only see".to_owned(),
        (false, words) => words.join(", "),
    };
    let teams: Vec<&str> = row.teams.iter().map(|team| team.as_str()).collect();
    if teams.is_empty() { scopes } else { format!("{scopes}; in {}", teams.join(" and ")) }
}

fn row(row: &Row) -> AnyView {
    let label = format!("Revoke {}", name(row));
    let deed = (row.state == State::Valid).then(|| {
        view! { <a class="button small" href=routes::token(&row.id) rel="external" aria-label=label>{icon("circle-stop")}"Revoke"</a> }
    });
    let used = match row.used_at {
        Some(at) => view! { "Used "{moment(at)} }.into_any(),
        None => view! { "Never used" }.into_any(),
    };
    let by = short(&row.created_by).to_owned();
    view! {
        <tr>
            <th scope="row" class="full"><span class="name"><b>{name(row)}</b><small>"Made by "{by}", "{moment(row.created_at)}</small></span></th>
            <td class="full quiet">{may(row)}</td>
            <td class="full quiet">{used}</td>
            <td><span class="name">{stands(row)}</span></td>
            <td class="n">{deed}</td>
        </tr>
    }
    .into_any()
}

pub(super) fn stands(row: &Row) -> AnyView {
    match (row.state, &row.revoked_by, row.revoked_at) {
        (State::Revoked, Some(by), Some(at)) => {
            let by = short(by).to_owned();
            view! { {state(CANCELLED, "Revoked")}<small class="under">{moment(at)}", by "{by}</small> }.into_any()
        }
        (State::Revoked, ..) => state(CANCELLED, "Revoked"),
        (State::Expired, ..) => {
            view! { {state(CANCELLED, "Expired")}<small class="under">{moment(row.expires_at)}</small> }.into_any()
        }
        (State::Valid, ..) => {
            view! { {state(SUCCEEDED, "Valid")}<small class="under">"until "{moment(row.expires_at)}</small> }
                .into_any()
        }
    }
}
