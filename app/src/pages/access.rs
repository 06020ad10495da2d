//! Access to an environment's secrets: who can and could read them, and who did.

use crate::components::arch;
use crate::components::empty::empty;
use crate::components::frame::{Place, crumbs, framed};
use crate::components::glyph::{FAILED, SUCCEEDED, WARNING, icon, state};
use crate::components::notice::slim;
use crate::components::time::moment;
use crate::error::PortalError;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::access::{Since, Until};
use domain::account::short;
use domain::view::access::{Access as Could, Filter, Holder, Use, Uses};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

type Found = (Filter, Could, Result<Uses, PortalError>);

#[component]
pub fn Access() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let query = use_query_map().get_untracked();
    let of = |key: &str| query.get(key).unwrap_or_default();
    let filter = Filter { at: of("at"), of: of("secret") };
    framed(Place::Environments, find(name, filter), |found, _| page(found))
}

async fn find(name: String, filter: Filter) -> Answer<Found> {
    let (portal, caller) = asked()?;
    let (could, uses) = portal.access(&caller, &name, &filter).await?;
    Ok((filter, could, uses))
}

fn page((filter, could, uses): Found) -> AnyView {
    let name = could.environment.clone();
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (name.clone(), routes::environment(&name)),
    ];
    view! {
        <Title text=format!("Access to {name}")/>
        {crumbs(way, "Access")}
        <div class="pagehead">
            <div>
                <h1>"Access to the secrets"</h1>
                <p class="meta"><span>{icon("key-round")}{could.vault.clone()}</span>{looked(&could)}</p>
            </div>
        </div>
        <div class="stack">{search(&filter, &could)}{unknown(&could)}{holders(&filter, &could)}{used(&filter, &uses)}</div>
    }
    .into_any()
}

fn looked(could: &Could) -> AnyView {
    match (could.looked, could.since) {
        (Some(looked), Some(since)) => {
            view! { <span>"Looked "{moment(looked)}", known since "{moment(since)}</span> }.into_any()
        }
        _ => view! { <span>"Not looked yet"</span> }.into_any(),
    }
}

fn search(filter: &Filter, could: &Could) -> AnyView {
    let secrets = could.names.iter().map(|name| {
        view! { <option value=name.clone() selected=*name == filter.of>{name.clone()}</option> }
    });
    let all = (*filter != Filter::default()).then(|| {
        view! { <a class="button" href=routes::access(&could.environment) rel="external">"Show all"</a> }
    });
    view! {
        <form class="search-record" role="search" aria-label="Narrow it" action=routes::access(&could.environment)>
            <div class="field"><label for="secret">"Secret"</label>
                <select id="secret" name="secret"><option value="">"Every secret"</option>{secrets.collect_view()}</select>
            </div>
            <div class="field"><label for="at">"At this time, UTC"</label><input id="at" name="at" type="datetime-local" value=filter.at.clone()/></div>
            <div class="row"><button class="button primary">{icon("search")}"Show"</button>{all}</div>
        </form>
    }
    .into_any()
}

/// What the page cannot tell stands before what it tells.
fn unknown(could: &Could) -> Option<AnyView> {
    let early = could
        .at
        .zip(could.since)
        .filter(|(at, since)| at < since)
        .map(|_| "That is before Keystead first looked: what had ended by then is not known.".to_owned());
    let sentences: Vec<String> = could.unknown.iter().cloned().chain(early).collect();
    let lines = sentences.iter().map(|sentence| view! { <p>{sentence.clone()}</p> }).collect_view();
    (!sentences.is_empty()).then(|| slim(WARNING, view! { <div class="stack tiny">{lines}</div> }.into_any()))
}

fn holders(filter: &Filter, could: &Could) -> AnyView {
    if could.looked.is_none() {
        let way = view! { <a class="button" href=routes::environment(&could.environment) rel="external">"To the environment"</a> };
        let why =
            "A finished environment is looked at every quarter of an hour; \"Look now\" on its page does it at once.";
        return empty(&arch::NONE, "Five stones, none laid", "Nobody has looked yet", why, way.into_any());
    }
    let title = match (could.at, filter.of.is_empty()) {
        (Some(_), _) => "Who could read them then",
        (None, true) => "Who can and could read them",
        (None, false) => "Who can and could read it",
    };
    let rows = could.holders.iter().map(holder).collect_view();
    let inside = if could.holders.is_empty() {
        view! { <div class="pad"><p class="quiet">"Nobody, as far as is known."</p></div> }.into_any()
    } else {
        view! {
            <table class="table folds">
                <thead><tr><th scope="col">"Who"</th><th scope="col">"By"</th><th scope="col">"Can"</th><th scope="col">"When"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="holders">
            <header><h2 id="holders">{title}</h2></header>
            {inside}
            <footer><p class="hint">"From the role assignments on the vault, below and above it. Who may give roles is listed too: they could give themselves the right. \"Perhaps\" is what lies between two looks."</p></footer>
        </section>
    }
    .into_any()
}

fn holder(one: &Holder) -> AnyView {
    let through = one.through.as_ref().map(|group| format!("in {group}"));
    let about = through.unwrap_or_else(|| one.kind.word().to_owned());
    let can = match (one.reads, one.grants) {
        (true, true) => "Read values, give roles",
        (true, false) => "Read values",
        _ => "Give roles",
    };
    let conditional = one.conditional.then(|| view! { <small>"under a condition"</small> });
    let perhaps = one.perhaps.then(|| state(WARNING, "Perhaps"));
    view! {
        <tr>
            <th scope="row"><span class="name"><b title=one.principal.clone()>{short(&one.name).to_owned()}</b><small>{about}</small></span></th>
            <td class="full"><span class="name"><span>{one.role.clone()}</span><small>{one.place.clone()}</small></span></td>
            <td class="top"><span class="name"><span>{can}</span>{conditional}{perhaps}</span></td>
            <td class="full"><span class="name"><span>{since(one.span.since)}</span><small>{until(one.span.until)}</small></span></td>
        </tr>
    }
    .into_any()
}

fn since(since: Since) -> AnyView {
    match since {
        Since::At(at) => view! { "Since "{moment(at)} }.into_any(),
        Since::Before(at) => view! { "Since before the first look, "{moment(at)} }.into_any(),
        Since::Between { earliest: before, latest: after } => {
            view! { "Since "{moment(before)}" at the earliest, "{moment(after)}" at the latest" }.into_any()
        }
    }
}

fn until(until: Until) -> AnyView {
    match until {
        Until::Still => view! { "and still now" }.into_any(),
        Until::Between { earliest: before, latest: after } => {
            view! { "until "{moment(before)}" at least, gone by "{moment(after)} }.into_any()
        }
    }
}

fn used(filter: &Filter, uses: &Result<Uses, PortalError>) -> AnyView {
    let inside = match uses {
        Err(error) => view! { <div class="pad"><p class="quiet">{error.message.clone()}</p></div> }.into_any(),
        Ok(uses) if uses.rows.is_empty() => {
            view! { <div class="pad"><p class="quiet">"Nothing is in the log yet. Azure takes some minutes until an access can be found in it."</p></div> }.into_any()
        }
        Ok(uses) => {
            let rows = uses.rows.iter().map(use_row).collect_view();
            view! {
                <table class="table folds">
                    <thead><tr><th scope="col">"What"</th><th scope="col">"Who"</th><th scope="col">"From"</th><th scope="col">"When"</th><th scope="col">"Answer"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            }
            .into_any()
        }
    };
    let since = uses.as_ref().ok().map(|uses| match uses.since {
        Some(since) => view! { <span class="quiet small-text push">"Known since "{moment(since)}</span> }.into_any(),
        None => {
            view! { <span class="quiet small-text push">"Not begun yet: the environment’s next change does"</span> }
                .into_any()
        }
    });
    let more = uses.as_ref().is_ok_and(|uses| uses.more).then(|| {
        view! { <footer><p class="hint">"The newest 1,000 are shown; the workspace has all of them in AZKVAuditLogs."</p></footer> }
    });
    let title = if filter.of.is_empty() { "Who did" } else { "Who asked for it" };
    view! {
        <section class="card" aria-labelledby="used">
            <header><h2 id="used">{title}</h2>{since}</header>
            {inside}
            {more}
        </section>
    }
    .into_any()
}

fn use_row(one: &Use) -> AnyView {
    let answer = if one.allowed { state(SUCCEEDED, "Allowed") } else { state(FAILED, "Refused") };
    let times = (one.times > 1).then(|| view! { <small>{format!("{} times that day", one.times)}</small> });
    let secret = one.of.as_ref().map(|name| view! { <small>{name.clone()}</small> });
    view! {
        <tr>
            <th scope="row"><span class="name"><b>{one.what.clone()}</b>{secret}</span></th>
            <td class="top">{one.who.clone()}</td>
            <td class="quiet">{one.from.clone()}</td>
            <td class="quiet when"><span class="name"><span>{moment(one.at)}</span>{times}</span></td>
            <td>{answer}</td>
        </tr>
    }
    .into_any()
}
