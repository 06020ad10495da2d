//! What a plain post has to say on the next page: a cookie that is read once.

use app::context::{Flash, Notice};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum_extra::extract::CookieJar;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const COOKIE: &str = "keystead_flash";

/// The answer, with something to say on the page that follows.
pub fn with(answer: impl IntoResponse, notice: &Notice) -> Response {
    let text = serde_json::to_string(notice).unwrap_or_default();
    let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
    let cookie = format!("{COOKIE}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    (AppendHeaders([(SET_COOKIE, cookie)]), answer).into_response()
}

/// What the last post said.
pub fn read(headers: &HeaderMap) -> Flash {
    let jar = CookieJar::from_headers(headers);
    let text = jar.get(COOKIE).map(|cookie| percent_decode_str(cookie.value()).decode_utf8_lossy().into_owned());
    Flash(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Takes the cookie away again, on the page that showed it.
pub const FORGET: &str = "keystead_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
