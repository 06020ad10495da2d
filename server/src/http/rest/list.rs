//! How every list is asked for and answered: `after`, `limit` and `fields` come in, rows and a `Link` to the next page go out.
//!
//! A handler takes a [`Paging`] beside its own `Query`, names [`Paged`] in its `params(…)`, and ends with
//! [`Paging::page`]. A list that is whole in memory is cut by [`Paging::cut`].

use super::problem;
use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Query};
use axum::http::header::LINK;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema};

/// Rows of a page where nothing is said, and at most.
pub const USUAL: usize = 50;
const MOST: usize = 200;

/// What the address of a list may say beside its filters.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Paged {
    /// `next` of the page before.
    pub after: String,
    /// Rows of a page, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// Names of the fields that each row shall have, `name,state`; all without it.
    pub fields: String,
}

/// The same, read: which page is asked for, and under which address.
#[derive(Debug)]
pub struct Paging {
    /// The cursor, or empty.
    pub after: String,
    pub limit: usize,
    fields: Vec<String>,
    at: Uri,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let at =
            parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.clone(), |OriginalUri(uri)| uri.clone());
        let read = Query::<Paged>::try_from_uri(&at);
        let Query(asked) = read.map_err(|rejection| unreadable(rejection.body_text()))?;
        let limit = match asked.limit {
            None => USUAL,
            Some(limit) => Some(limit as usize)
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or_else(|| unreadable(format!("`limit` is a whole number from 1 to {MOST}.")))?,
        };
        let fields = asked.fields.split(',').map(str::trim).filter(|field| !field.is_empty());
        Ok(Paging { after: asked.after, limit, fields: fields.map(str::to_owned).collect(), at })
    }
}

impl Paging {
    /// The answer with this body, whose `rows` are of `Row`, each with the fields that were asked for.
    pub fn page<Row: PartialSchema>(&self, body: &impl Serialize, next: Option<&str>) -> Response {
        let mut answer = match self.selected::<Row>(body) {
            Ok(None) => Json(body).into_response(),
            Ok(Some(body)) => Json(body).into_response(),
            Err(refused) => return refused,
        };
        answer.headers_mut().extend(next.and_then(|next| link(&self.at, next)).map(|link| (LINK, link)));
        answer
    }

    /// Of rows in the order of `key`, the page that is asked for, and the cursor of the one after it.
    pub fn cut<T>(&self, rows: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let behind = rows.into_iter().filter(|row| self.after.is_empty() || key(row) > self.after);
        let mut rows: Vec<T> = behind.take(self.limit + 1).collect();
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(key);
        (rows, next)
    }

    /// `None` where every field is asked for.
    fn selected<Row: PartialSchema>(&self, body: &impl Serialize) -> Result<Option<Value>, Response> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        let known = names::<Row>();
        if let Some(unknown) = self.fields.iter().find(|field| !known.contains(field)) {
            let known = known.join(", ");
            return Err(unreadable(format!("Rows of this list have no field `{unknown}`. They have: {known}.")));
        }
        let mut body = serde_json::to_value(body).unwrap_or_default();
        let rows = body.get_mut("rows").and_then(Value::as_array_mut);
        for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
            row.retain(|field, _| self.fields.iter().any(|wanted| wanted == field));
        }
        Ok(Some(body))
    }
}

/// `Link: <…?after=…>; rel="next"`, where there is a next page of what is asked for here.
pub fn linked(here: &Uri, next: Option<&str>) -> Option<AppendHeaders<[(HeaderName, HeaderValue); 1]>> {
    Some(AppendHeaders([(LINK, link(here, next?)?)]))
}

/// The `Link` (RFC 8288) to the page behind a cursor: the address of this one with another cursor.
fn link(at: &Uri, next: &str) -> Option<HeaderValue> {
    let kept = form_urlencoded::parse(at.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "after");
    let mut with = form_urlencoded::Serializer::new(String::new());
    let query = with.extend_pairs(kept).append_pair("after", next).finish();
    HeaderValue::from_str(&format!("<{}?{query}>; rel=\"next\"", at.path())).ok()
}

fn names<Row: PartialSchema>() -> Vec<String> {
    match Row::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// A question that cannot be answered as it stands.
pub fn unreadable(said: impl Into<String>) -> Response {
    problem::of_status(StatusCode::BAD_REQUEST, said)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use axum::http::Request;

    async fn asked(at: &str) -> Result<Paging, Response> {
        let (mut parts, ()) = Request::get(at).body(()).unwrap().into_parts();
        Paging::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn the_next_page_is_asked_for_as_this_one_was() {
        let paging = asked("/api/v1/things?search=a%26b&after=old&limit=2").await.unwrap();
        assert_eq!((paging.after.as_str(), paging.limit), ("old", 2));
        assert_eq!(link(&paging.at, "n w").unwrap(), "</api/v1/things?search=a%26b&limit=2&after=n+w>; rel=\"next\"");
    }

    #[tokio::test]
    async fn a_limit_that_is_none_is_refused() {
        for wrong in ["0", "201", "-1", "many"] {
            let refused = asked(&format!("/things?limit={wrong}")).await.unwrap_err();
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert_eq!(asked("/things").await.unwrap().limit, 50);
    }

    #[tokio::test]
    async fn rows_that_are_whole_in_memory_are_cut_behind_the_cursor() {
        let rows = || vec!["a", "b", "d", "e"];
        let paging = asked("/things?limit=2").await.unwrap();
        assert_eq!(paging.cut(rows(), ToString::to_string), (vec!["a", "b"], Some("b".to_owned())));
        // What stood under the cursor may be gone by then.
        let paging = asked("/things?limit=2&after=c").await.unwrap();
        assert_eq!(paging.cut(rows(), ToString::to_string), (vec!["d", "e"], None));
    }
}
