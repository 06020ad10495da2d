//! Where I am signed in: each browser with its session, and the way to end it.

use crate::components::frame::{Place, framed};
use crate::components::glyph::{SUCCEEDED, icon, pill};
use crate::components::time::moment;
use crate::context::Here;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::view::session::Row;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn Sessions() -> impl IntoView {
    let here = use_context::<Here>().unwrap_or_default();
    framed(Place::Elsewhere, find(here), |rows, _| page(rows))
}

async fn find(here: Here) -> Answer<Vec<Row>> {
    let (portal, caller) = asked()?;
    portal.sessions(&caller, &here.0).await
}

fn page(rows: Vec<Row>) -> AnyView {
    let others = rows.iter().filter(|row| !row.here).count();
    let all = (others > 1).then(|| {
        view! {
            <form method="post" action=routes::end_other_sessions()>
                <button class="button">{icon("log-out")}"End all others"</button>
            </form>
        }
    });
    let counted = match others {
        0 => "Only here.".to_owned(),
        1 => "Here, and in one other browser.".to_owned(),
        many => format!("Here, and in {many} other browsers."),
    };
    view! {
        <Title text="Where I am signed in"/>
        <div class="pagehead">
            <div><h1>"Where I am signed in"</h1><p class="meta"><span>{counted}</span></p></div>
            {all}
        </div>
        <section class="card" aria-label="Sessions">
            <ul class="rows">{rows.into_iter().map(row).collect_view()}</ul>
        </section>
        <p class="hint">"A session ends by itself when it is not used for a while. One that you do not know: end it, and change your password at the provider."</p>
    }
    .into_any()
}

fn row(row: Row) -> AnyView {
    let label = format!("End the session in {}", row.browser);
    let deed = if row.here {
        pill(SUCCEEDED, "This browser")
    } else {
        view! {
            <form method="post" action=routes::end_session(&row.id)>
                <button class="button small" aria-label=label>{icon("log-out")}"End"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="row spread">
            <span class="name">
                <b>{row.browser}</b>
                <small class="quiet">"Signed in "{moment(row.began)}", used "{moment(row.used)}", ends "{moment(row.ends)}" at the latest"</small>
            </span>
            {deed}
        </li>
    }
    .into_any()
}
