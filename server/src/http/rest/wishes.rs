//! `PUT /api/v1/environments/{name}` takes the whole wish as one document, JSON or YAML; `document` under it gives it.

use super::body::Body;
use super::problem::{self, Refusal};
use super::refusals::{Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use crate::http::document::{Document, SCHEMA};
use app::portal::Put;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::account::Caller;
use domain::view::environment::Whole as Environment;
use domain::view::request::Whole as Wanted;

/// As RFC 9512 has it, and as it was called before.
const YAML: [&str; 4] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];

/// A document as JSON or YAML, by its content type.
#[derive(Debug)]
pub struct Written(pub Document);

impl<S: Send + Sync> FromRequest<S> for Written {
    type Rejection = Response;
    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !YAML.contains(&kind(request.headers()).as_str()) {
            return Body::from_request(request, state).await.map(|Body(document)| Written(document));
        }
        let text = Bytes::from_request(request, state).await;
        let text = text.map_err(|refused| problem::of_status(refused.status(), refused.body_text()))?;
        let read = serde_saphyr::from_slice(&text);
        read.map(Written).map_err(|error| {
            // Without the lines around it, which may hold a password.
            let said = error.without_snippet().to_string().replace("invalid u32", "a whole number is wanted");
            let said = format!("The document cannot be read: {said}.");
            problem::of_status(StatusCode::UNPROCESSABLE_ENTITY, said)
        })
    }
}

/// The content type without its parameters.
fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Asks that an environment be as this document says: for a new one, for a change, or for nothing where it is so.
///
/// A request for the same that waits already is not sent twice.
#[utoipa::path(
    put, path = "/api/v1/environments/{name}", tag = "environments",
    request_body(content(
        (Document = "application/json", example = json!({"team": "payments", "region": "westeurope", "template": "web-app-one-node", "nodes": 2})),
        (Document = "application/yaml", example = json!("team: payments\nregion: westeurope\ntemplate: web-app-one-node\nnodes: 2\n")),
    )),
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It is so, or a job makes it so: nothing was asked", body = Environment),
        (status = 202, description = "A request for it waits for its decision", body = Wanted, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn put(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Written(document): Written,
) -> Result<Response, Refusal> {
    let form = document.form();
    match web.portal.put(&caller, &name, &form, document.db_password).await? {
        Put::Stands => Ok(Json(web.portal.environment(&caller, &name).await?).into_response()),
        Put::Waits(id) | Put::Sent(id) => {
            let request = web.portal.request(&caller, &id).await?;
            let address = [(LOCATION, format!("/api/v1/requests/{id}"))];
            Ok((StatusCode::ACCEPTED, AppendHeaders(address), Json(request)).into_response())
        }
    }
}

/// What the environment is wished to be, as the document that a PUT of it takes: YAML, or JSON where that is asked for.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/document", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 200, description = "The document; a PUT of it changes nothing", content(
            (Document = "application/yaml"),
            (Document = "application/json"),
        )),
        Unread,
    )
)]
pub async fn document(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let document = wished(&web, &caller, &name).await?;
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    if accepts.contains("application/json") && !accepts.contains("yaml") {
        return Ok(Json(document).into_response());
    }
    let text = serde_saphyr::to_string(&document);
    let text = text.map_err(|error| {
        tracing::error!(%error, "a document could not be written");
        app::error::PortalError::new(app::error::Code::Internal, "The document could not be written.")
    })?;
    let schema = web.public.join(SCHEMA).map_or_else(|_| SCHEMA.to_owned(), String::from);
    let text = format!("# yaml-language-server: $schema={schema}\n{text}");
    Ok(([(CONTENT_TYPE, "application/yaml")], text).into_response())
}

async fn wished(web: &Web, caller: &Caller, name: &str) -> Result<Document, Refusal> {
    Ok(Document::of(&web.portal.wish(caller, name).await?))
}
