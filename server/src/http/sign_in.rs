//! Signing in and out: to the identity provider, back from it with a new session, and away from both.

pub mod device;
mod document;
mod proof;
mod provider;

use super::caller::{Address, Known};
use super::session::ACCOUNT;
use super::{Web, flash};
use crate::store::session::AGENT;
use app::context::Notice;
use app::routes;
use axum::Form;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::{IntoResponse, Redirect, Response};
use domain::account::{Account, Caller};
use serde::Deserialize;
use tower_sessions::Session;

pub use provider::{Arrived, Leaving, Provider, ProviderError};

/// Under this key a session remembers a sign-in on its way.
const LEAVING: &str = "leaving";
/// Under this key a stranger's session keeps a form that was sent after the session had ended.
pub const STRANDED: &str = "stranded";

/// Letters kept of what a browser says of itself.
const MOST_OF_AGENT: usize = 300;

/// Where the identity provider sends the browser back to.
pub const BACK: &str = "/sign-in/back";

#[derive(Deserialize)]
pub struct Go {
    /// An account name to offer at the provider; may be empty.
    #[serde(default)]
    account: String,
    #[serde(default)]
    back: String,
}

/// `POST /sign-in`: leaves for the provider.
pub async fn go(State(web): State<Web>, session: Session, Form(go): Form<Go>) -> Response {
    let hint = Some(go.account.trim()).filter(|hint| !hint.is_empty());
    match web.provider.leave(hint, local(&go.back)).await {
        Ok((address, leaving)) => match session.insert(LEAVING, &leaving).await {
            Ok(()) => Redirect::to(address.as_str()).into_response(),
            Err(error) => refused(&web, &error.to_string(), &go.back),
        },
        Err(error) => refused(&web, &error.to_string(), &go.back),
    }
}

#[derive(Deserialize)]
pub struct Arrival {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// `GET /sign-in/back`: the provider's answer; a session under a new id begins.
pub async fn arrive(
    State(web): State<Web>,
    session: Session,
    headers: HeaderMap,
    Address(from): Address,
    Query(arrival): Query<Arrival>,
) -> Response {
    let leaving = match session.remove::<Leaving>(LEAVING).await {
        Ok(Some(leaving)) => leaving,
        // The cookie is gone, or this address was opened twice: begin again.
        Ok(None) => return Redirect::to(routes::sign_in()).into_response(),
        Err(error) => return refused(&web, &error.to_string(), ""),
    };
    if !arrival.error.is_empty() {
        let words = format!("{}: {}", arrival.error, arrival.error_description);
        return refused(&web, words.trim_end_matches(": "), &leaving.back);
    }
    let arrived = match web.provider.arrive(&leaving, &arrival.state, arrival.code).await {
        Ok(arrived) => arrived,
        Err(error) => return refused(&web, &error.to_string(), &leaving.back),
    };
    let Entered { account, email, without_teams } = match enter(&web, arrived).await {
        Ok(entered) => entered,
        Err(why) => return refused(&web, &why, &leaving.back),
    };
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match begin(&web, &session, Caller::person(account, from), email.as_deref(), agent).await {
        Ok(stranded) => {
            let on = Redirect::to(&stranded.unwrap_or(leaving.back));
            match without_teams {
                Some(why) => flash::with(on, &Notice::refused(why)),
                None => on.into_response(),
            }
        }
        Err(why) => refused(&web, &why, &leaving.back),
    }
}

/// Somebody who is let in.
pub struct Entered {
    pub account: Account,
    pub email: Option<String>,
    /// Why they are without their teams, where the directory did not tell these.
    pub without_teams: Option<String>,
}

/// Whom the provider has told, with the teams that only the directory knows; the error is a sentence for them.
pub async fn enter(web: &Web, arrived: Arrived) -> Result<Entered, String> {
    let Arrived { mut account, email, ask_for_groups } = arrived;
    let mut without_teams = None;
    if let Some(object) = ask_for_groups {
        match web.tokens.groups_of(&object).await {
            Ok(known) => (account.teams, account.groups) = (known.teams, known.groups),
            Err(error) => without_teams = Some(error.message),
        }
    }
    Ok(Entered { account: let_in(account)?, email, without_teams })
}

/// Who has no role is let in where a group of theirs approves something, and is of no team then.
fn let_in(mut account: Account) -> Result<Account, String> {
    if account.roles.is_empty() && account.groups.is_empty() {
        let name = &account.name;
        return Err(format!("signing in: {name} has no role in Keystead; whoever runs the directory can assign one"));
    }
    if account.roles.is_empty() {
        account.teams.clear();
    }
    Ok(account)
}

/// Keeps the account, changes the session's id, and turns a stranded form into a draft, whose address it answers.
async fn begin(
    web: &Web,
    session: &Session,
    caller: Caller,
    email: Option<&str>,
    agent: &str,
) -> Result<Option<String>, String> {
    web.tokens.signed_in(&caller).await.map_err(|error| error.to_string())?;
    web.tokens.reached_at(&caller, email).await.map_err(|error| error.to_string())?;
    session.cycle_id().await.map_err(|error| error.to_string())?;
    session.insert(ACCOUNT, &caller.account).await.map_err(|error| error.to_string())?;
    let agent: String = agent.chars().take(MOST_OF_AGENT).collect();
    session.insert(AGENT, agent).await.map_err(|error| error.to_string())?;
    let form = session.remove::<domain::form::Form>(STRANDED).await.map_err(|error| error.to_string())?;
    let Some(form) = form else { return Ok(None) };
    let draft = web.portal.save_draft(&caller, None, &form, &[], false).await.map_err(|error| error.to_string())?;
    Ok(Some(routes::draft(&draft)))
}

/// `POST /sign-out`: ends the session here, and at the provider where that is offered.
pub async fn out(State(web): State<Web>, Extension(known): Extension<Known>, session: Session) -> Response {
    if let Some(caller) = &known.0
        && let Err(error) = web.tokens.signed_out(caller).await
    {
        tracing::error!(%error, "a sign-out could not be recorded");
    }
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "a session could not be ended");
    }
    let then = web.public.join(routes::sign_in()).unwrap_or_else(|_| web.public.clone());
    match web.provider.end_session(&then).await {
        Some(address) => Redirect::to(address.as_str()).into_response(),
        None => flash::with(Redirect::to(routes::sign_in()), &Notice::done("You are signed out.")),
    }
}

/// Back to the sign-in page with the provider's words.
fn refused(web: &Web, words: &str, back: &str) -> Response {
    tracing::warn!(provider = %web.installation.provider, words, "nobody was signed in");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("back", &local(back)).append_pair("refused", words);
    Redirect::to(&format!("{}?{}", routes::sign_in(), query.finish())).into_response()
}

/// Only a path of our own: no other host, no other scheme, not the sign-in itself.
pub fn local(back: &str) -> String {
    let own = back.starts_with('/')
        && !back.starts_with("//")
        && !back.contains(['\\', '\r', '\n', '\t'])
        && !back.starts_with(routes::sign_in());
    if own { back.to_owned() } else { routes::home().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_way_back_never_leaves_the_portal() {
        assert_eq!(local("/jobs/1?a=b"), "/jobs/1?a=b");
        for foreign in ["", "https://example.com", "//example.com", "/\\example.com", "javascript:x", "/sign-in?back=/"]
        {
            assert_eq!(local(foreign), "/", "{foreign}");
        }
    }
}
