//! New environment: the form, new or with the answers of a draft, given to the island that fills it.

use crate::components::filling::Opened;
use crate::components::frame::{Place, crumbs, framed};
use crate::islands::asking::{NAME, asking};
use crate::islands::island;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::form::{Choices, Form};
use domain::id::DraftId;
use domain::view::request::PlanPanel;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn NewEnvironment() -> impl IntoView {
    let draft = use_query_map().get_untracked().get("draft").map(DraftId::new);
    framed(Place::Environments, open(draft), |opened, _| page(opened))
}

/// A new form, or the answers of a draft with the plan they make.
async fn open(draft: Option<DraftId>) -> Answer<Opened> {
    let (portal, caller) = asked()?;
    let choices = portal.choices(&caller).await?;
    let plan = PlanPanel::default();
    let opened = match draft {
        None => {
            Opened { form: first(&choices), choices, draft: None, tried: false, errors: Vec::new(), plan, stands: None }
        }
        Some(id) => {
            let draft = portal.draft(&caller, &id).await?;
            let (form, errors, tried) = (draft.form, draft.errors, draft.tried);
            Opened { choices, form, draft: Some(draft.id), tried, errors, plan, stands: None }
        }
    };
    let plan = portal.plan(&caller, &opened.form, false).await?;
    Ok(Opened { plan, ..opened })
}

/// What a new form begins with: the only team, the first region, the first template.
fn first(choices: &Choices) -> Form {
    let team = match choices.teams.as_slice() {
        [only] => only.name.to_string(),
        _ => String::new(),
    };
    Form {
        team,
        region: choices.regions.first().map(|region| region.name.to_string()).unwrap_or_default(),
        template: choices.templates.first().map(|template| template.name.to_string()).unwrap_or_default(),
        ..Form::default()
    }
}

fn page(opened: Opened) -> AnyView {
    view! {
        <Title text="New environment"/>
        {crumbs(vec![("Environments".to_owned(), routes::environments().to_owned())], "New")}
        <div class="pagehead">
            <div>
                <h1>"New environment"</h1>
                <p class="lede">"Four answers are enough. Everything below them has a default of the template, shown in grey."</p>
            </div>
        </div>
        {island(NAME, opened, asking)}
    }
    .into_any()
}
