//! `Idempotency-Key`: a question under a key has its effect once, and the same answer each time.
//!
//! The key belongs to the account, the method and the address. What was asked is kept as a hash under the key itself, so
//! that whoever reads the database cannot try bodies; the answer is sealed, for it may show a secret once. How the effect
//! and the key become one is [`crate::store::once`]'s.

use super::problem;
use crate::clock::Clock;
use crate::http::Web;
use crate::http::caller::Bearer;
use crate::seal::{Seal, Sealed};
use crate::store::once::{self, Answer, Once, Row, within};
use crate::store::{self, Store};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, HeaderName, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Moment;
use domain::id::RequestId;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What a program names its question by.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says of an answer that it was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// For so long an answer is kept, in milliseconds: a day.
const KEPT: i64 = 24 * 3_600_000;
/// Longest key.
const LONGEST: usize = 255;

/// What is kept of questions and answers, and which are at work here.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    store: Store,
    seal: Seal,
    clock: Clock,
    at_work: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}

/// Nobody else answers under this key here, until it is dropped.
struct AtWork<'a>(&'a Keeper, &'a str);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(self.1);
    }
}

/// What is sealed of an answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

impl Keeper {
    pub fn new(store: Store, seal: Seal, clock: Clock) -> Keeper {
        Keeper(Arc::new(Inner { store, seal, clock, at_work: Mutex::default() }))
    }

    /// Removes what is older than a day; main calls it now and then.
    pub async fn sweep(&self) -> Result<(), store::Error> {
        once::sweep(&self.0.store, self.since()).await
    }

    fn since(&self) -> Moment {
        self.0.clock.now().plus(-KEPT)
    }

    fn begin<'a>(&'a self, id: &'a str) -> Option<AtWork<'a>> {
        let fresh = self.0.at_work.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        fresh.then(|| AtWork(self, id))
    }

    async fn answer(&self, id: &str, asked: &str, request: Again, next: Next) -> Result<Response, store::Error> {
        let known = once::find(&self.0.store, id, self.since()).await?;
        if let Some(found) = known.filter(|found| found.status.is_some() || found.asked != asked) {
            return self.repeat(id, asked, &found, request, next).await;
        }
        let Some(_at_work) = self.begin(id) else { return Ok(in_flight()) };
        let found = match once::find(&self.0.store, id, self.since()).await? {
            Some(found) => found,
            None => {
                once::free(&self.0.store, id, self.since()).await?;
                let now = Once::new(id, asked, self.0.clock.now());
                let answer = within(now.clone(), next.clone().run(request.whole())).await;
                let kept = match now.has_effect() {
                    _ if now.is_late() => None,
                    true => Some(self.keep(&now, answer).await?),
                    false => self.keep_refusal(&now, answer).await?,
                };
                if let Some(answer) = kept {
                    return Ok(answer);
                }
                match once::find(&self.0.store, id, self.since()).await? {
                    Some(found) => found,
                    // Late, and the first one is not to be seen yet.
                    None => return Ok(in_flight()),
                }
            }
        };
        self.repeat(id, asked, &found, request, next).await
    }

    /// The answer that was given before, or the one that would have been.
    async fn repeat(
        &self,
        id: &str,
        asked: &str,
        found: &Row,
        request: Again,
        next: Next,
    ) -> Result<Response, store::Error> {
        if found.asked != asked {
            let said = "Another request was sent under this key. Take a new key for this one.";
            return Ok(problem::named("key-reused", said));
        }
        if let Some(answer) = self.kept(id, found).await {
            return Ok(answer);
        }
        let again = Once::again(id, asked, self.0.clock.now(), found.made.clone());
        let answer = within(again.clone(), next.run(request.whole())).await;
        let answer = match answer.status() {
            status if status.is_success() => self.keep(&again, answer).await?,
            StatusCode::SERVICE_UNAVAILABLE => return Ok(answer),
            _ => {
                let said =
                    "This was done under this key, and the answer was lost with the server. Look what came of it.";
                problem::named("answer-lost", said)
            }
        };
        Ok(replayed(answer))
    }

    async fn keep(&self, now: &Once, answer: Response) -> Result<Response, store::Error> {
        let (answer, sealed) = self.sealed(now.id(), answer).await;
        if let (Some(sealed), false) = (sealed, answer.status().is_server_error()) {
            let kept = Answer { status: answer.status().as_u16(), key_id: &sealed.key_id, sealed: &sealed.body };
            once::keep_answer(&self.0.store, now, &kept).await?;
        }
        Ok(answer)
    }

    /// Of what changed nothing; none where the key is somebody else's by now.
    async fn keep_refusal(&self, now: &Once, answer: Response) -> Result<Option<Response>, store::Error> {
        if !lasting(answer.status()) {
            return Ok(Some(answer));
        }
        let (answer, sealed) = self.sealed(now.id(), answer).await;
        let Some(sealed) = sealed else { return Ok(Some(answer)) };
        let kept = Answer { status: answer.status().as_u16(), key_id: &sealed.key_id, sealed: &sealed.body };
        Ok(once::keep_refusal(&self.0.store, now, &kept).await?.then_some(answer))
    }

    async fn sealed(&self, id: &str, answer: Response) -> (Response, Option<Sealed>) {
        let (parts, body) = answer.into_parts();
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return (problem::named("internal", "The answer could not be made."), None);
        };
        let headers = parts.headers.iter().filter(|(name, _)| **name != CONTENT_LENGTH);
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let kept = Kept { headers: headers.collect(), body: STANDARD.encode(&bytes) };
        let text = SecretString::from(serde_json::to_string(&kept).unwrap_or_default());
        let sealed = self.0.seal.seal(&RequestId::new(id), &text);
        let sealed = sealed.inspect_err(|error| tracing::warn!(%error, "an answer could not be kept")).ok();
        (Response::from_parts(parts, Body::from(bytes)), sealed)
    }

    async fn kept(&self, id: &str, found: &Row) -> Option<Response> {
        let status = StatusCode::from_u16(u16::try_from(found.status?).ok()?).ok()?;
        let sealed = Sealed { key_id: found.key_id.clone()?, body: found.answer.clone()? };
        let opened = self.0.seal.open(&RequestId::new(id), &sealed).await;
        let opened = opened.inspect_err(|error| tracing::warn!(%error, "a kept answer does not open")).ok()?;
        let kept: Kept = serde_json::from_str(opened.expose_secret()).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in &kept.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        Some(replayed((status, headers, STANDARD.decode(kept.body).ok()?).into_response()))
    }
}

/// A request that may be put more than once.
struct Again {
    parts: Parts,
    body: Bytes,
}

impl Again {
    fn whole(&self) -> Request {
        Request::from_parts(self.parts.clone(), Body::from(self.body.clone()))
    }
}

/// In front of every operation, behind whoever finds out who asks.
pub(super) async fn layer(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let Some(key) = key(request.headers()) else {
        let said =
            format!("An Idempotency-Key is one text of 1 to {LONGEST} visible ASCII characters, such as a UUID.");
        return problem::named("bad-request", said);
    };
    let Some(Bearer(caller)) = request.extensions().get::<Bearer>().cloned() else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    // It was read once already, so that its length is known to be no more than is taken.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return problem::named("bad-request", "The body cannot be read.");
    };
    let query = parts.uri.query().unwrap_or_default();
    let id =
        hex::encode(Sha256::digest(joined(&[&caller.account.id.0, parts.method.as_str(), parts.uri.path(), &key])));
    let under = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let asked = hex::encode(hmac::sign(&under, &[joined(&[query]).as_slice(), &body].concat()));
    match web.once.answer(&id, &asked, Again { parts, body }, next).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "a question under a key was not answered");
            problem::named("internal", "Keystead made a mistake. Repeat the request as it is: nothing happens twice.")
        }
    }
}

/// With the length of each, so that no two lists read alike.
fn joined(parts: &[&str]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat()).collect()
}

/// As a plain text, or between quotation marks as structured fields have it.
fn key(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(KEY).iter();
    let (first, None) = (all.next()?, all.next()) else { return None };
    let text = first.to_str().ok()?.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

/// Whether a refusal is the answer for a day. Who has to sign in, to wait, or to read again, asks the same once more.
fn lasting(status: StatusCode) -> bool {
    !status.is_server_error()
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::PRECONDITION_REQUIRED
                | StatusCode::TOO_MANY_REQUESTS
        )
}

fn in_flight() -> Response {
    let answer = problem::named("key-in-flight", "A request under this key is at work. Repeat this one in a second.");
    ([(RETRY_AFTER, "1")], answer).into_response()
}

fn replayed(mut answer: Response) -> Response {
    answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    answer
}
