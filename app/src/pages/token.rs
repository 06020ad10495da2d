//! One token, and what ends where it is revoked.

use super::tokens::{may, name, stands};
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{WARNING, icon};
use crate::components::notice::notice;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::token::{Row, State};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Token() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    framed(Place::Elsewhere, find(id), |row, _| page(&row))
}

async fn find(id: String) -> Answer<Row> {
    let (portal, caller) = asked()?;
    portal.token(&caller, &id).await
}

fn page(row: &Row) -> AnyView {
    let title = format!("Revoke {}", name(row));
    let used = match row.used_at {
        Some(at) => view! { "Used last "{moment(at)}"." }.into_any(),
        None => view! { "It was never used." }.into_any(),
    };
    let inside = view! {
        <ul class="stack tiny">
            <li>"Every server refuses it from that moment on."</li>
            <li>"Tokens that were made with it end too."</li>
            <li>"What was done with it stays done, and its row stays in the list."</li>
        </ul>
        <p>{used}" It cannot be taken back: make another one."</p>
    };
    let deed = match row.state {
        State::Valid => view! {
            <form class="pad stack small" method="post" action=routes::revoke_token(&row.id)>
                <button class="button danger block">{icon("circle-stop")}"Revoke it"</button>
                <a class="button block" href=routes::tokens() rel="external">"Keep it"</a>
            </form>
        }
        .into_any(),
        State::Expired | State::Revoked => view! { <div class="pad stack tiny">{stands(row)}</div> }.into_any(),
    };
    view! {
        <Title text=title.clone()/>
        {crumbs(vec![("Tokens".to_owned(), routes::tokens().to_owned())], "Revoke")}
        <div class="pagehead"><div><h1>{title}</h1><p class="meta"><span>{may(row)}</span></p></div></div>
        <div class="split">
            <div class="stack">{notice(WARNING, "What happens, all at once", inside.into_any())}</div>
            <aside class="stack" aria-label="Revoke"><section class="card" aria-labelledby="revoke"><header><h2 id="revoke">"Revoke"</h2></header>{deed}</section></aside>
        </div>
    }
    .into_any()
}
