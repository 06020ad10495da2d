//! Jobs: what is at work, what stopped, what is done, newest first.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, framed};
use crate::components::glyph::{of_job, state};
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::moment::duration;
use domain::view::Page;
use domain::view::job::{Filter, Row};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

struct Found {
    /// Name of the one environment whose jobs these are, or empty.
    environment: String,
    page: Page<Row>,
}

#[component]
pub fn Jobs() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let environment = query.get("environment").unwrap_or_default();
    let after = query.get("after").unwrap_or_default();
    framed(Place::Jobs, find(environment, after), |found, _| page(found))
}

async fn find(environment: String, after: String) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let filter = Filter { environment: environment.clone(), after, ..Filter::default() };
    let page = portal.jobs(&caller, &filter).await?;
    Ok(Found { environment, page })
}

fn page(found: Found) -> AnyView {
    let Found { environment, page } = found;
    let counted = match page.total {
        1 => "1 job".to_owned(),
        total => format!("{total} jobs"),
    };
    let narrowed = (!environment.is_empty()).then(|| {
        view! {
            <nav class="chips" aria-label="Show">
                <a href=routes::jobs() rel="external">"All"</a>
                <a href=routes::jobs_of(&environment, "") rel="external" aria-current="true">{environment.clone()}</a>
            </nav>
        }
    });
    let inside = if page.rows.is_empty() { nothing() } else { table(&environment, &page) };
    view! {
        <Title text="Jobs"/>
        <div class="pagehead"><div><h1>"Jobs"</h1><p class="meta"><span>{counted}</span></p></div></div>
        <div class="stack">{narrowed}{inside}</div>
    }
    .into_any()
}

fn nothing() -> AnyView {
    let way = view! { <a class="button" href=routes::requests() rel="external">"Look at the requests"</a> };
    let why = "A job begins as soon as a request is approved.";
    empty(&arch::NONE, "Five stones, none laid", "No job yet", why, way.into_any())
}

fn table(environment: &str, page: &Page<Row>) -> AnyView {
    let rows = page.rows.iter().map(row).collect_view();
    let more = page.next.as_ref().map(|next| {
        view! { <a class="button small" href=routes::jobs_of(environment, next) rel="external">"More"</a> }
    });
    let shown = format!("{} of {}, newest first", page.rows.len(), page.total);
    view! {
        <section class="card" aria-labelledby="list">
            <h2 class="hidden-text" id="list">"List of jobs"</h2>
            <table class="table linked folds">
                <thead><tr><th scope="col">"Job"</th><th scope="col">"State"</th><th scope="col">"At work"</th><th scope="col">"Began"</th><th scope="col" class="n">"Took"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <footer class="row spread"><span>{shown}</span>{more}</footer>
        </section>
    }
    .into_any()
}

fn row(row: &Row) -> AnyView {
    let steps = format!("{} of {} steps", row.steps_done, row.steps);
    let at = if row.at.is_empty() { String::new() } else { row.at.join(", ") };
    let took = row.ended.map(|ended| duration(ended.since(row.started))).unwrap_or_default();
    view! {
        <tr>
            <th scope="row"><span class="name"><a href=routes::job(&row.id) rel="external" data-row="">{row.title.clone()}</a><small>{row.team.clone()}</small></span></th>
            <td><span class="name">{state(of_job(row.state), row.state.word())}<small class="under">{steps}</small></span></td>
            <td class="wide quiet">{at}</td>
            <td class="wide quiet">{moment(row.started)}</td>
            <td class="n low">{took}</td>
        </tr>
    }
    .into_any()
}
