//! A job: found, and given to the island that watches it.

use crate::components::frame::{Place, crumbs, framed};
use crate::islands::island;
use crate::islands::watching::{NAME, Watched, watching};
use crate::portal::{Answer, asked};
use crate::routes;
use domain::id::JobId;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn Job() -> impl IntoView {
    let id = JobId::new(use_params_map().get_untracked().get("id").unwrap_or_default());
    let query = use_query_map().get_untracked();
    let step = query.get("step").unwrap_or_default();
    let before = query.get("before").and_then(|number| number.parse().ok()).unwrap_or(0);
    let follow = before == 0 && (query.get("shown").is_none() || query.get("follow").is_some());
    framed(Place::Jobs, find(id, step, before, follow), |found, _| page(found))
}

async fn find(id: JobId, step: String, before: i64, follow: bool) -> Answer<Watched> {
    let (portal, caller) = asked()?;
    let job = portal.job(&caller, &id).await?;
    let all = portal.tail(&caller, &id, before, "").await?;
    let whole = all.earlier == 0 && before == 0;
    // A log that fits is narrowed where it is read, a longer one where it is kept.
    let said = if whole || step.is_empty() { all } else { portal.tail(&caller, &id, before, &step).await? };
    Ok(Watched { job, said, step, newest: before == 0, whole, follow })
}

fn page(found: Watched) -> AnyView {
    let row = &found.job.row;
    let title = format!("{}, job", row.title);
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (row.environment.clone(), routes::environment(&row.environment)),
    ];
    let refresh = (row.state.moving() && found.follow).then(refresh);
    view! { <Title text=title/> {refresh} {crumbs(way, "Job")} {island(NAME, found, watching)} }.into_any()
}

/// Without script a running job's page asks again by itself.
fn refresh() -> AnyView {
    view! { <noscript inner_html=r#"<meta http-equiv="refresh" content="5">"#></noscript> }.into_any()
}
