//! Somebody leaves: what ends with it, and what stays, before it is said.

use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{WARNING, icon};
use crate::components::notice::notice;
use crate::components::time::moment;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::account::AccountId;
use domain::view::people::{Directory, Row};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn Leaving() -> impl IntoView {
    let account = use_query_map().get_untracked().get("account").unwrap_or_default();
    framed(Place::Elsewhere, find(AccountId(account)), |row, _| page(row))
}

async fn find(account: AccountId) -> Answer<Row> {
    let (portal, caller) = asked()?;
    portal.person(&caller, &account).await
}

fn page(row: Row) -> AnyView {
    let title = format!("{} has left", row.name);
    let directory = match row.directory {
        Some(Directory::Disabled) => Some("The directory calls this account disabled."),
        Some(Directory::Gone) => Some("The directory knows this account no longer."),
        Some(Directory::Enabled) => Some("The directory calls this account enabled: it could sign in to other things."),
        None => None,
    };
    let ends = [
        counted(row.sessions, "One session ends", "sessions end"),
        counted(row.tokens, "One token ends", "tokens end"),
        counted(row.requests, "One open request is withdrawn", "open requests are withdrawn"),
        Some("What was handed over from or to this account ends".to_owned()),
        Some("It decides on nothing any more".to_owned()),
        Some("It cannot sign in".to_owned()),
    ];
    let ends = ends.into_iter().flatten().map(|said| view! { <li>{said}"."</li> });
    let stays = match row.environments {
        0 => "No environment is theirs.".to_owned(),
        1 => "One environment stands on, and is offered to the managers of its team.".to_owned(),
        many => format!("{many} environments stand on, and are offered to the managers of their teams."),
    };
    let inside = view! {
        {directory.map(|said| view! { <p>{said}</p> })}
        <ul class="stack tiny">{ends.collect_view()}</ul>
        <p>{stays}" What they decided stays decided."</p>
    };
    let deed = match &row.left {
        Some(left) => {
            view! { <p class="pad">"Marked as having left "{moment(left.at)}" by "{left.by.clone()}"."</p> }.into_any()
        }
        None => view! {
            <form class="pad stack small" method="post" action=routes::leave()>
                <input type="hidden" name="account" value=row.id.0.clone()/>
                <button class="button danger block">{icon("log-out")}"Has left"</button>
                <a class="button block" href=routes::people() rel="external">"Is still here"</a>
                <p class="hint">"It can be taken back. What has ended stays ended then."</p>
            </form>
        }
        .into_any(),
    };
    view! {
        <Title text=title.clone()/>
        {crumbs(vec![("People".to_owned(), routes::people().to_owned())], "Has left")}
        <div class="pagehead"><div><h1>{title}</h1></div></div>
        <div class="split">
            <div class="stack">{notice(WARNING, "What happens, all at once", inside.into_any())}</div>
            <aside class="stack" aria-label="Say it"><section class="card" aria-labelledby="say"><header><h2 id="say">"Say it"</h2></header>{deed}</section></aside>
        </div>
    }
    .into_any()
}

fn counted(count: i64, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(one.to_owned()),
        count => Some(format!("{count} {many}")),
    }
}
