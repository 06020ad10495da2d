//! Shapes what a kind is asked and what it answers, with the headers of a long-running operation.
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::path::ResourceId;
use super::refusal::Refusal;
use crate::operations::{self, Operation};
use crate::resources::{self, Shared};
use crate::world::World;

/// Who asks, from a verified token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The object id: what role assignments name.
    pub object_id: Uuid,
    /// The client id of the application, where it is one.
    pub app_id: Option<String>,
    /// The name that error messages give.
    pub name: String,
    /// The token's claims.
    pub claims: Value,
}

/// What a request is about, once it is known.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The action that it needs: `Microsoft.KeyVault/vaults/write`.
    pub action: String,
    /// Where.
    pub scope: String,
}

/// One request to a kind or a function.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The path; for an action, of the resource that it is asked of.
    pub id: ResourceId,
    /// The resource's id as it is to be written: with the kind's capitals and the group's own name.
    pub canonical: String,
    /// The `api-version`, already checked for its shape.
    pub api_version: String,
    /// The other query parameters.
    pub query: BTreeMap<String, String>,
    /// The varying parts of a function's path by name.
    pub parts: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; `Null` without one.
    pub body: Value,
    /// Who asks.
    pub caller: Caller,
    /// What belongs together has the same, whoever chose it.
    pub correlation: String,
    /// What it is about, for the activity log; nothing for a read.
    pub noted: Arc<OnceLock<Noted>>,
}

impl Ask {
    /// The body's `location` in Azure's short form (`West Europe` is `westeurope`), or 400.
    pub fn location(&self) -> Result<String, Refusal> {
        let location = self.body["location"].as_str().unwrap_or_default();
        let short: String = location.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        if short.is_empty() {
            return Err(Refusal::bad("LocationRequired", "The location property is required for this definition."));
        }
        if !super::locations::known(&short) {
            return Err(Refusal::bad(
                "LocationNotAvailableForResourceType",
                format!(
                    "The provided location '{location}' is not available for resource type '{}'. List of available regions for the resource type is '{}'.",
                    self.id.kind(),
                    super::locations::names().join(",")
                ),
            ));
        }
        Ok(short)
    }

    /// 412 `PreconditionFailed` where `If-Match` or `If-None-Match` forbids writing over the document that stands. The words
    /// for one that is not there are from github.com/Azure/azure-cli/pull/30309.
    pub fn check_precondition(&self, standing: Option<&Value>) -> Result<(), Refusal> {
        let header = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let etag = standing.and_then(|body| body["eTag"].as_str()).unwrap_or_default();
        let message = match (header("if-match"), header("if-none-match"), standing) {
            (Some(_), _, None) => "Resource not found but ETag header is provided. If this is a request to create, please do not provide ETag.".to_owned(),
            (Some(wanted), ..) if wanted != "*" && wanted.trim_matches('"') != etag => {
                format!("The eTag '{}' of the request is not the one of the resource, '{etag}'.", wanted.trim_matches('"'))
            }
            (_, Some("*"), Some(_)) => "The resource is there already, and If-None-Match forbids it.".to_owned(),
            _ => return Ok(()),
        };
        Err(Refusal::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message))
    }
}

/// How a client learns that an operation has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// `Azure-AsyncOperation` alone.
    AsyncOperation,
    /// `Location` alone.
    Location,
    /// Both headers.
    Both,
    /// Neither: the resource's own `provisioningState`.
    Resource,
}

/// A list of resources as they stand, and where it goes on.
#[derive(Debug)]
pub struct List {
    pub value: Vec<Shared>,
    pub next_link: Option<String>,
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_struct("List", 1 + usize::from(self.next_link.is_some()))?;
        if let Some(link) = &self.next_link {
            list.serialize_field("nextLink", link)?;
        }
        list.serialize_field("value", &self.value.iter().map(Shared::body).collect::<Vec<_>>())?;
        list.end()
    }
}

/// What a kind answers.
#[derive(Debug)]
pub enum Answer {
    /// A document at once.
    Document(StatusCode, Value),
    /// 200 with a list.
    List(List),
    /// A status and no body.
    Empty(StatusCode),
    /// An operation has begun; ARM adds the headers and follows it.
    Long {
        /// 200, 201 or 202.
        status: StatusCode,
        /// The resource as it stands now, or nothing.
        body: Option<Value>,
        /// The operation, already written by [`Operation::begin`].
        operation: Operation,
        /// How it is polled.
        poll: Poll,
        /// What Azure puts into `Retry-After`, before the speed divides it.
        retry_after: Duration,
    },
    /// An operation still goes on; ARM adds the headers.
    Poll {
        /// 200 or 202.
        status: StatusCode,
        /// The operation's own document, or nothing.
        body: Option<Value>,
        /// The operation.
        operation: Operation,
        /// Which address was asked.
        poll: Poll,
        /// What Azure puts into `Retry-After`, before the speed divides it.
        retry_after: Duration,
    },
}

impl Answer {
    /// The HTTP answer. Begins to follow the operation of a long one.
    pub fn into_response(self, world: &Arc<World>, ask_api_version: &str) -> Response {
        match self {
            Self::Document(status, body) => (status, axum::Json(body)).into_response(),
            Self::List(list) => axum::Json(list).into_response(),
            Self::Empty(status) => status.into_response(),
            Self::Long { status, body, operation, poll, retry_after } => {
                let response = pointing(world, status, body, &operation, poll, retry_after, ask_api_version);
                operations::follow(world, operation);
                response
            }
            Self::Poll { status, body, operation, poll, retry_after } => {
                pointing(world, status, body, &operation, poll, retry_after, ask_api_version)
            }
        }
    }
}

fn pointing(
    world: &World,
    status: StatusCode,
    body: Option<Value>,
    operation: &Operation,
    poll: Poll,
    retry_after: Duration,
    api_version: &str,
) -> Response {
    let mut response = match body {
        Some(body) => (status, axum::Json(body)).into_response(),
        None => status.into_response(),
    };
    let headers = response.headers_mut();
    let mut point = |name: &'static str, what: &str| {
        if let Ok(address) = HeaderValue::from_str(&address(world, operation, what, api_version)) {
            headers.insert(name, address);
        }
    };
    if matches!(poll, Poll::AsyncOperation | Poll::Both) {
        point("azure-asyncoperation", "operations");
    }
    if matches!(poll, Poll::Location | Poll::Both) {
        point("location", "operationresults");
    }
    if poll != Poll::Resource {
        set_retry_after(headers, world.clock.shorten(retry_after));
    }
    response
}

/// `Retry-After` in whole seconds, rounded up to at least one, with the exact wait in `retry-after-ms` beside it.
pub fn set_retry_after(headers: &mut HeaderMap, wait: Duration) {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    headers.insert("retry-after", HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
    headers.insert("retry-after-ms", HeaderValue::from(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)));
}

fn address(world: &World, operation: &Operation, what: &str, api_version: &str) -> String {
    let subscription = world.subscription;
    let base = format!("https://management.azure.com/subscriptions/{subscription}");
    match operation.kind.split_once('/') {
        Some((namespace, _)) if !namespace.eq_ignore_ascii_case("Microsoft.Resources") => {
            let location = operation.arguments["location"].as_str().unwrap_or("global");
            format!(
                "{base}/providers/{namespace}/locations/{location}/{what}/{}?api-version={api_version}",
                operation.id
            )
        }
        _ => format!("{base}/{what}/{}?api-version={api_version}", operation.id),
    }
}

/// PATCH of the tags, which is all that many kinds let change.
pub async fn patch_tags(world: &World, ask: &Ask) -> Result<Answer, Refusal> {
    world
        .state
        .change(|draft| {
            let found = resources::find(draft, ask.id.as_str());
            let mut resource = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
            if ask.body["tags"].is_object() {
                resource.body["tags"] = ask.body["tags"].clone();
                resources::put(draft, &resource);
            }
            Ok(Answer::Document(StatusCode::OK, resource.body))
        })
        .await
}

/// Lays `from` over `into` as a PATCH does: members of objects one by one, everything else as a whole.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
