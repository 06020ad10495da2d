//! Plain posts about tokens: one is made, and shown by the page that answers; one is revoked.

use super::{done, refused};
use crate::http::caller::SignedIn;
use crate::http::{Web, pages};
use app::context::{Once, Typed};
use app::error::Code;
use app::routes;
use axum::extract::{Path, RawForm, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::permission::Action;
use domain::view::token::New;

/// `POST /tokens`.
pub async fn create(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    parts: Parts,
    RawForm(posted): RawForm,
) -> Response {
    let new = read(&posted);
    let page = routes::tokens_after(new.service_of.as_deref().unwrap_or_default(), "");
    match web.portal.create_token(&caller, &new).await {
        Ok(made) => {
            let title = format!("Token {} is made", made.row.name);
            pages::once(&web, parts, routes::tokens(), Once(Some((title, made.token)))).await
        }
        Err(error) if error.code == Code::Invalid => {
            let typed = serde_json::to_string(&new).unwrap_or_default();
            pages::again(&web, parts, Typed(Some((typed, error.fields)))).await
        }
        Err(error) => refused(&page, &error),
    }
}

/// Whoever checks nothing gets a token that only sees; everything has to be chosen.
fn read(posted: &[u8]) -> New {
    let (mut new, mut all) = (New::default(), false);
    let mut scopes = vec![Action::See.key().to_owned()];
    for (field, value) in form_urlencoded::parse(posted) {
        let value = value.trim().to_owned();
        match field.as_ref() {
            "name" => new.name = value,
            "service_of" => new.service_of = Some(value).filter(|team| !team.is_empty()),
            "scopes" => all = value == "all",
            "scope" => scopes.push(value),
            "team" => new.teams.push(value),
            // What is no number is no number of days, and is said so.
            "expires_days" => new.expires_days = Some(value.parse().unwrap_or_default()),
            _ => {}
        }
    }
    if !all {
        new.scopes = scopes;
    }
    new
}

/// `POST /tokens/{id}/revoke`.
pub async fn revoke(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<String>) -> Response {
    match web.portal.revoke_token(&caller, &id).await {
        Ok(_) => done(routes::tokens(), "Revoked, here and on every other server."),
        Err(error) if error.code == Code::NotFound => refused(&routes::token(&id), &error),
        Err(error) => refused(routes::tokens(), &error),
    }
}
