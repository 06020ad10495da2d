//! How somebody wants the pages to look: a cookie of a year.

use super::sign_in::local;
use app::context::Theme;
use axum::Form;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

const COOKIE: &str = "keystead_theme";

#[derive(Deserialize)]
pub struct Choice {
    theme: String,
    #[serde(default)]
    back: String,
}

/// `POST /appearance`.
pub async fn choose(Form(choice): Form<Choice>) -> Response {
    let theme = Theme::of_key(&choice.theme).unwrap_or_default().key();
    let cookie = format!("{COOKIE}={theme}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(&local(&choice.back))).into_response()
}

/// The choice that the cookie holds.
pub fn chosen(headers: &HeaderMap) -> Theme {
    let jar = CookieJar::from_headers(headers);
    jar.get(COOKIE).and_then(|cookie| Theme::of_key(cookie.value())).unwrap_or_default()
}
