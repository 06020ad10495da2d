//! Plain posts: every deed without script. After success a 303 to what it made, after a refusal a 303 back with a sentence.

pub mod environments;
pub mod jobs;
pub mod notices;
pub mod people;
pub mod policies;
pub mod requests;
pub mod sessions;
pub mod standing;
pub mod tokens;
pub mod webhooks;

use super::flash;
use app::context::Notice;
use app::error::{Code, PortalError};
use axum::response::{IntoResponse, Redirect, Response};

/// Back to `page` with the refusal on it; what does not exist for the caller answers as a page that is not there.
pub(super) fn refused(page: &str, error: &PortalError) -> Response {
    match error.code {
        Code::NotFound => Redirect::to(page).into_response(),
        _ => {
            let mut text = error.message.clone();
            if let [only] = error.fields.as_slice() {
                text = only.message.clone();
            }
            if let Some(incident) = &error.incident {
                text = format!("{text} Incident {incident}.");
            }
            flash::with(Redirect::to(page), &Notice::refused(text))
        }
    }
}

/// On to `page` with a sentence that says what was done.
pub(super) fn done(page: &str, sentence: &str) -> Response {
    flash::with(Redirect::to(page), &Notice::done(sentence))
}

/// An empty password field means none.
fn typed(password: secrecy::SecretString) -> Option<secrecy::SecretString> {
    use secrecy::ExposeSecret;
    if password.expose_secret().is_empty() { None } else { Some(password) }
}
