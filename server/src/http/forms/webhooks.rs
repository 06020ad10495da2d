//! Plain posts about webhooks: subscribed, switched, removed, given another secret, tried out, and sent something again.

use super::{done, refused};
use crate::http::caller::SignedIn;
use crate::http::{Web, pages};
use app::context::{Once, Typed};
use app::error::Code;
use app::routes;
use axum::Form;
use axum::extract::{Path, RawForm, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::view::webhook::{Change, New};
use serde::Deserialize;

/// `POST /webhooks`.
pub async fn create(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    parts: Parts,
    RawForm(posted): RawForm,
) -> Response {
    let mut new = New::default();
    for (field, value) in form_urlencoded::parse(&posted) {
        let value = value.into_owned();
        match field.as_ref() {
            "team" => new.team = value,
            "name" => new.name = value,
            "url" => new.url = value,
            "event" => new.events.push(value),
            _ => {}
        }
    }
    match web.portal.create_webhook(&caller, &new).await {
        Ok(made) => {
            let title = format!("Webhook {} is subscribed; its secret signs what it is told", made.row.name);
            pages::once(&web, parts, routes::webhooks(), Once(Some((title, made.secret)))).await
        }
        Err(error) if error.code == Code::Invalid => {
            let typed = serde_json::to_string(&new).unwrap_or_default();
            pages::again(&web, parts, Typed(Some((typed, error.fields)))).await
        }
        Err(error) => refused(&routes::webhooks_after(&new.team, ""), &error),
    }
}

#[derive(Deserialize)]
pub struct Switched {
    #[serde(default)]
    on: String,
}

/// `POST /webhooks/{id}/switch`.
pub async fn switch(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Form(switched): Form<Switched>,
) -> Response {
    let (page, on) = (routes::webhook(&id), switched.on == "yes");
    let change = Change { enabled: Some(on), ..Change::default() };
    match web.portal.change_webhook(&caller, &id, &change).await {
        Ok(_) if on => done(&page, "Switched on: it is told of what happens from now on, and of what waits for it."),
        Ok(_) => done(&page, "Switched off: nothing is sent to it."),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /webhooks/{id}/remove`.
pub async fn remove(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<String>) -> Response {
    match web.portal.remove_webhook(&caller, &id).await {
        Ok(_) => done(routes::webhooks(), "Removed. Nothing more is sent to it."),
        Err(error) => refused(&routes::webhook(&id), &error),
    }
}

/// `POST /webhooks/{id}/secret`.
pub async fn rotate(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let page = routes::webhook(&id);
    match web.portal.rotate_secret(&caller, &id).await {
        Ok(made) => {
            let title = "Another secret signs; for 24 hours the one before signs too".to_owned();
            pages::once(&web, parts, &page, Once(Some((title, made.secret)))).await
        }
        Err(error) => refused(&page, &error),
    }
}

/// `POST /webhooks/{id}/test`.
pub async fn test(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<String>) -> Response {
    let page = routes::webhook(&id);
    match web.portal.test_webhook(&caller, &id).await {
        Ok(_) => done(&page, "A ping is on its way. Load this page again in a moment: its row says what came of it."),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /webhooks/{id}/deliveries/{delivery}/again`.
pub async fn again(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path((id, delivery)): Path<(String, String)>,
) -> Response {
    let page = routes::webhook(&id);
    match web.portal.redeliver(&caller, &id, &delivery).await {
        Ok(_) => done(&page, "It is on its way again, under the same id."),
        Err(error) => refused(&page, &error),
    }
}
