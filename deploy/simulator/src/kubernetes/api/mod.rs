//! The Kubernetes API of a cluster over HTTP: who asks, may they, and then one file for each thing that can be asked.

mod discovery;
mod evict;
mod identify;
mod impersonate;
mod log;
mod openapi;
mod options;
mod path;
mod permit;
mod proxy;
mod read;
mod review;
mod table;
mod token;

pub use token::service_account_token;
mod validation;
mod watch;
mod write;

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use self::path::{Path, Place, Query, verb};
use super::cluster::Cluster;
use super::protobuf;
use super::refusal::Refusal;

/// A request after it was taken apart and let in.
struct Call {
    cluster: Arc<Cluster>,
    who: identify::Person,
    place: Place,
    query: Query,
    head: Parts,
    body: Bytes,
}

/// The longest body that the API server takes.
const LONGEST_BODY: usize = 3 * 1024 * 1024;

/// Answers one request to the API server of `cluster`.
pub async fn answer(cluster: Arc<Cluster>, request: Request<Body>) -> Response {
    match route(cluster, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn route(cluster: Arc<Cluster>, request: Request<Body>) -> Result<Response, Refusal> {
    let who = identify::person(&cluster, &request)?;
    let who = impersonate::behind(&cluster, who, request.headers()).await?;
    let facts = cluster.facts();
    let place = match Path::parse(request.uri()) {
        Path::Version => return Ok(json_answer(StatusCode::OK, &discovery::version(&facts.version))),
        Path::Health => return Ok("ok".into_response()),
        Path::CoreVersions => return Ok(json_answer(StatusCode::OK, &discovery::core_versions(&facts.host))),
        Path::Groups => return Ok(json_answer(StatusCode::OK, &discovery::groups())),
        Path::Group(name) => return found(discovery::group(&name)),
        Path::Resources(group, version) => return found(discovery::resources(&group, &version)),
        Path::Description(path) if path.is_empty() => return Ok(json_answer(StatusCode::OK, &openapi::index())),
        Path::Description(path) => return found(openapi::group(&path)),
        Path::Unknown => return Err(Refusal::no_such_path()),
        Path::Objects(place) => place,
    };
    let query = Query::parse(request.uri());
    let verb = verb(request.method(), &place, &query);
    permit::check(&cluster, &who, verb, &place).await?;
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST_BODY)
        .await
        .map_err(|error| Refusal::bad_request(format!("reading the body failed: {error}")))?;
    let call = Call { cluster, who, place, query, head, body };
    dispatch(verb, call).await
}

async fn dispatch(verb: &str, call: Call) -> Result<Response, Refusal> {
    match (call.place.part.as_str(), verb) {
        ("log", "get") => log::read(call).await,
        ("proxy", _) => proxy::forward(call).await,
        ("token", "create") => token::make(call).await,
        ("eviction", "create") => evict::answer(call).await,
        ("scale", "get") => read::scale(call).await,
        ("scale", "update" | "patch") => write::scale(call).await,
        ("" | "status", "get") => read::get(call).await,
        ("", "list") => read::list(call).await,
        ("", "watch") => watch::follow(call).await,
        ("", "create") if call.place.kind.only_asked => review::answer(call).await,
        ("", "create") => write::create(call).await,
        ("" | "status", "update") => write::replace(call).await,
        ("" | "status", "patch") => write::patch(call).await,
        ("", "delete") => write::delete(call).await,
        ("", "deletecollection") => write::delete_all(call).await,
        _ => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )),
    }
}

fn found(document: Option<Value>) -> Result<Response, Refusal> {
    document.map(|it| json_answer(StatusCode::OK, &it)).ok_or_else(Refusal::no_such_path)
}

fn json_answer(code: StatusCode, body: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn success(details: Value) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}

impl Call {
    /// How the client wants to see what it reads.
    fn look(&self) -> table::Look {
        table::Look::of(&self.head.headers, &self.query)
    }

    /// The kind of the body, without its parameters.
    fn content_type(&self) -> &str {
        let kind = self.head.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
        kind.split(';').next().unwrap_or("").trim()
    }

    /// The body as JSON; an empty one is null.
    fn json(&self) -> Result<Value, Refusal> {
        let unknown = |why: &str| {
            let text =
                "the body of the request was in an unknown format - accepted media types include: application/json";
            let message = if why.is_empty() { text.to_owned() } else { format!("{text} ({why})") };
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)
        };
        if self.content_type() == "application/vnd.kubernetes.protobuf" {
            return protobuf::read(&self.body).map_err(|why| unknown(&why));
        }
        if self.content_type().contains("cbor") {
            return Err(unknown(""));
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::bad_request(format!("the body of the request is not valid JSON: {error}")))
    }
}
