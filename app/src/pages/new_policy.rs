//! New policy: an example that can be saved as it is, to be made one's own.

use crate::components::frame::{Place, crumbs, framed};
use crate::components::policy_text::{PolicyText, policy_text};
use crate::context::Typed;
use crate::error::PortalError;
use crate::portal::{Answer, asked};
use crate::routes;
use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NewPolicy() -> impl IntoView {
    let typed = use_context::<Typed>().unwrap_or_default();
    framed(Place::Policies, open(typed), |text, _| page(text))
}

async fn open(typed: Typed) -> Answer<PolicyText> {
    let (portal, caller) = asked()?;
    let list = portal.policies(&caller).await?;
    if !list.write.allowed {
        return Err(PortalError::forbidden(list.write.reason.unwrap_or_default()));
    }
    let template = list.templates.first().map(|template| template.name.clone()).unwrap_or_default();
    let text = format!(
        "title = \"Production\"\ntemplates = [\"{template}\"]\n\n[deny]\npurge_protection = true\n\n[approval]\n\
         nodes = {{ max = 5 }}\n\n[warn]\nlifetime_days = {{ max = 90 }}\n"
    );
    let (action, deed) = (routes::new_policy().to_owned(), "Save as version 1".to_owned());
    Ok(PolicyText { action, base: 0, text, deed, typed })
}

fn page(text: PolicyText) -> AnyView {
    view! {
        <Title text="New policy"/>
        {crumbs(vec![("Policies".to_owned(), routes::policies().to_owned())], "New")}
        <div class="pagehead">
            <div>
                <h1>"New policy"</h1>
                <p class="lede">"What the wishes of some teams and templates should be like, and what becomes of one that is not."</p>
            </div>
        </div>
        {policy_text(text)}
    }
    .into_any()
}
