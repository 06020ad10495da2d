//! Change an environment: the form over what stands, its answers in the address, given to the island that fills it.

use crate::components::filling::{Opened, Stands, field_named, set_answer};
use crate::components::frame::{Place, crumbs, framed};
use crate::islands::asking::{NAME, asking};
use crate::islands::island;
use crate::portal::{Answer, asked};
use crate::routes;
use domain::form::Form;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

#[component]
pub fn ChangeEnvironment() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let query = use_query_map().get_untracked();
    let mut form = Form::default();
    for (answer, text) in query.clone().into_iter() {
        if let Some(field) = field_named(&answer) {
            set_answer(&mut form, field, text.to_string());
        }
    }
    let tried = query.get("tried").is_some();
    framed(Place::Environments, open(name, form, tried), |opened, _| page(opened))
}

/// What stands, and the plan of the answers over it; of none there is no plan yet.
async fn open(name: String, form: Form, tried: bool) -> Answer<Opened> {
    let (portal, caller) = asked()?;
    let changing = portal.changing(&caller, &name).await?;
    let plan = portal.plan_change(&caller, &name, &form).await?;
    let stands = Some(Stands { environment: changing.environment, wish: changing.wish });
    Ok(Opened { choices: changing.choices, form, draft: None, tried, errors: Vec::new(), plan, stands })
}

fn page(opened: Opened) -> AnyView {
    let name = opened.stands.as_ref().map(|stands| stands.environment.clone()).unwrap_or_default();
    let way = vec![
        ("Environments".to_owned(), routes::environments().to_owned()),
        (name.clone(), routes::environment(&name)),
    ];
    view! {
        <Title text=format!("Change {name}")/>
        {crumbs(way, "Change")}
        <div class="pagehead">
            <div>
                <h1>{format!("Change {name}")}</h1>
                <p class="lede">"What you leave as it is stays. The plan says what becomes of each resource."</p>
            </div>
        </div>
        {island(NAME, opened, asking)}
    }
    .into_any()
}
