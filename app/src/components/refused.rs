//! A page that could not be shown: whose fault, what is safe, what to do, with the true status.

use super::arch;
use super::glyph::icon;
use crate::error::{Code, PortalError};
use crate::routes;
use leptos::prelude::*;
use leptos_meta::Title;

/// What stands in place of the page.
pub fn refused(error: PortalError) -> AnyView {
    answer_with(error.code);
    let (title, lede) = match error.code {
        Code::NotFound => (
            "There is nothing here",
            "It is not there, or not for this account. Check the address, or start from the environments.".to_owned(),
        ),
        Code::Unavailable => ("This page cannot be shown just now", error.message.clone()),
        Code::Internal => (
            "This page could not be made",
            "The mistake is ours. Your environments keep running, jobs continue, and nothing you sent was lost."
                .to_owned(),
        ),
        Code::SignedOut => ("You are not signed in any more", error.message.clone()),
        Code::Forbidden | Code::Conflict | Code::Invalid => ("This cannot be done", error.message.clone()),
    };
    let again = matches!(error.code, Code::Unavailable | Code::Internal);
    let incident = error.incident.clone();
    view! {
        <Title text=title/>
        <div class="empty tall">
            {arch::picture(&arch::LOOSE, "An arch with a loose keystone")}
            <h1>{title}</h1>
            <p class="lede">{lede}</p>
            <div class="row">
                {again.then(|| view! { <a class="button primary" href="" rel="external">{icon("rotate-ccw")}"Try again"</a> })}
                <a class="button" href=routes::environments() rel="external">"To the environments"</a>
            </div>
            {incident.map(|number| view! {
                <p class="small-text">"Tell the platform team "<code>"incident "{number}</code>" if it stays."</p>
            })}
        </div>
    }
    .into_any()
}

fn answer_with(code: Code) {
    let status = match code {
        Code::NotFound => http::StatusCode::NOT_FOUND,
        Code::SignedOut => http::StatusCode::UNAUTHORIZED,
        Code::Forbidden => http::StatusCode::FORBIDDEN,
        Code::Invalid => http::StatusCode::UNPROCESSABLE_ENTITY,
        Code::Conflict => http::StatusCode::CONFLICT,
        Code::Unavailable => http::StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => http::StatusCode::INTERNAL_SERVER_ERROR,
    };
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status);
    }
}
