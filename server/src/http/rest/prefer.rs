//! `Prefer: wait=30` (RFC 7240): an answer that waits for what goes on, without holding anything of the database.

use super::problem::Refusal;
use crate::http::Web;
use app::portal::Answer;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{AppendHeaders, IntoResponseParts, ResponseParts};
use std::convert::Infallible;
use std::time::Duration;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
/// Seconds that are waited at most.
const MOST: u64 = 60;

/// What the caller prefers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prefer {
    wait: Option<Duration>,
}

/// How long an answer may wait, where it may at all.
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let texts = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = texts.flat_map(|text| text.split([',', ';'])).map(str::trim);
    let seconds = preferences.find_map(|preference| {
        let (name, value) = preference.split_once('=')?;
        let wait = name.trim().eq_ignore_ascii_case("wait");
        wait.then(|| value.trim().trim_matches('"').parse::<u64>().ok()).flatten()
    })?;
    Some(Duration::from_secs(seconds.min(MOST)))
}

impl<S: Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Prefer { wait: wait(&parts.headers) })
    }
}

impl IntoParams for Prefer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let prefer = ParameterBuilder::new().name("Prefer").parameter_in(ParameterIn::Header).required(Required::False);
        let prefer = prefer.description(Some("`wait=30`: the answer may wait for so many seconds, at most 60."));
        vec![prefer.schema(Some(ObjectBuilder::new().schema_type(Type::String))).build()]
    }
}

/// What came of a wait; as a part of the answer it says that it was kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waited {
    wait: Option<Duration>,
    came: bool,
}

impl Waited {
    /// Whether what was waited for came.
    pub fn came(self) -> bool {
        self.came
    }
}

impl Prefer {
    /// Waits for it as long as is preferred, and not while this server stops.
    pub async fn until(&self, web: &Web, it: impl Future<Output = Answer<()>>) -> Result<Waited, Refusal> {
        let Some(wait) = self.wait else { return Ok(Waited::default()) };
        let came = tokio::select! {
            came = it => Some(came?),
            () = tokio::time::sleep(wait) => None,
            () = web.stopping.cancelled() => None,
        };
        Ok(Waited { wait: Some(wait), came: came.is_some() })
    }
}

impl IntoResponseParts for Waited {
    type Error = <AppendHeaders<[(HeaderName, String); 1]> as IntoResponseParts>::Error;

    fn into_response_parts(self, parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        let applied = self.wait.map(|wait| AppendHeaders([(APPLIED, format!("wait={}", wait.as_secs()))]));
        applied.into_response_parts(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(texts: &[&'static str]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for text in texts {
            headers.append(PREFER, http::HeaderValue::from_static(text));
        }
        wait(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_preference_is_read_as_the_standard_writes_it() {
        assert_eq!(waits(&["wait=30"]), Some(30));
        assert_eq!(waits(&["respond-async, Wait = 10"]), Some(10));
        assert_eq!(waits(&["return=minimal", "wait=5"]), Some(5));
        assert_eq!(waits(&["wait=3600"]), Some(60));
        for none in ["", "wait", "wait=", "wait=-1", "wait=soon", "respond-async"] {
            assert_eq!(waits(&[none]), None, "{none}");
        }
    }
}
