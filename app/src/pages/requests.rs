//! Requests: forms that are still being filled, then what was asked, newest first.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{icon, of_request, state};
use crate::components::time::moment;
use crate::portal::{Answer, Draft, asked};
use crate::routes;
use domain::account::short;
use domain::view::request::{Row, Show};
use domain::view::{Frame, Page};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

struct Found {
    show: Show,
    page: Page<Row>,
    drafts: Vec<Draft>,
}

#[component]
pub fn Requests() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let show = if query.get("show").as_deref() == Some("mine") { Show::Mine } else { Show::All };
    let after = query.get("after").unwrap_or_default();
    framed(Place::Requests, find(show, after), page)
}

async fn find(show: Show, after: String) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let page = portal.requests(&caller, show, &after).await?;
    let drafts = portal.drafts(&caller).await?;
    Ok(Found { show, page, drafts })
}

/// What a request is called: "Create payments-staging".
pub(super) fn title(row: &Row) -> String {
    row.kind.title(&row.environment)
}

fn page(found: Found, frame: &Frame) -> AnyView {
    let Found { show, page, drafts } = found;
    let may_ask = frame.requests;
    let chips = [(Show::All, "", "All"), (Show::Mine, "mine", "Mine")].map(|(choice, key, word)| {
        let here = (choice == show).then_some("true");
        view! { <a href=routes::requests_where(key, "") rel="external" aria-current=here>{word}</a> }
    });
    let counted = match page.total {
        1 => "1 request".to_owned(),
        total => format!("{total} requests"),
    };
    view! {
        <Title text="Requests"/>
        <div class="pagehead">
            <div><h1>"Requests"</h1><p class="meta"><span>{counted}</span></p></div>
            {may_ask.then(new_environment)}
        </div>
        <div class="stack">
            {(!drafts.is_empty()).then(|| kept(drafts))}
            <nav class="chips" aria-label="Show">{chips.into_iter().collect_view()}</nav>
            {if page.rows.is_empty() { nothing(show, may_ask) } else { table(show, &page) }}
        </div>
    }
    .into_any()
}

fn new_environment() -> AnyView {
    view! { <a class="button primary" href=routes::new_environment() rel="external">{icon("plus")}"New environment"</a> }.into_any()
}

fn kept(drafts: Vec<Draft>) -> AnyView {
    let rows = drafts.into_iter().map(|draft| {
        let name = if draft.form.name.is_empty() { "Without a name".to_owned() } else { draft.form.name };
        let label = format!("Drop the draft {name}");
        view! {
            <li class="row spread">
                <span class="name">
                    <a href=routes::draft(&draft.id) rel="external" data-row="">{name}</a>
                    <small>"Kept "{moment(draft.saved)}", without its password"</small>
                </span>
                <form method="post" action=routes::drop_draft()>
                    <input type="hidden" name="draft" value=draft.id.to_string()/>
                    <button class="button small plain" aria-label=label>{icon("trash-2")}"Drop"</button>
                </form>
            </li>
        }
    });
    view! {
        <section class="card" aria-labelledby="drafts">
            <header><h2 id="drafts">"Drafts"</h2><p>"Only you see them. Nobody is asked before you send one."</p></header>
            <ul class="rows">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn nothing(show: Show, may_ask: bool) -> AnyView {
    let why = match show {
        Show::Mine => "What you ask for appears here, with who decides and since when.",
        _ => "What your team asks for appears here, with who decides and since when.",
    };
    let way = may_ask.then(new_environment);
    empty(&arch::NONE, "Five stones, none laid", "Nothing was asked yet", why, way.into_any())
}

fn table(show: Show, page: &Page<Row>) -> AnyView {
    let rows = page.rows.iter().map(row).collect_view();
    let key = if show == Show::Mine { "mine" } else { "" };
    let more = page.next.as_ref().map(|next| {
        view! { <a class="button small" href=routes::requests_where(key, next) rel="external">"More"</a> }
    });
    let shown = format!("{} of {}, newest first", page.rows.len(), page.total);
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of requests"</h2>
            <table class="table linked folds">
                <thead><tr><th scope="col">"Request"</th><th scope="col">"State"</th><th scope="col">"Asked by"</th><th scope="col" class="n">"Cost a month"</th><th scope="col" class="n">"Sent"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row) -> AnyView {
    let decided = match (&row.decided_by, row.decided_at) {
        (Some(by), Some(at)) => {
            view! { <small class="under">"By "{short(by).to_owned()}", "{moment(at)}</small> }.into_any()
        }
        _ if row.state == domain::request::State::Waiting => {
            view! { <small class="under">"Until "{moment(row.lapses)}</small> }.into_any()
        }
        _ => ().into_any(),
    };
    view! {
        <tr>
            <th scope="row"><span class="name"><a href=routes::request(&row.id) rel="external" data-row="">{title(row)}</a><small>{row.team.clone()}</small></span></th>
            <td><span class="name">{state(of_request(row.state), row.state.word())}{decided}</span></td>
            <td class="wide quiet">{short(&row.requester).to_owned()}</td>
            <td class="n top">{row.cost.map(|cost| cost.figure())}</td>
            <td class="n low quiet">{moment(row.sent)}</td>
        </tr>
    }
    .into_any()
}
