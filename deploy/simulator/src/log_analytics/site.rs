//! The query service: `POST https://api.loganalytics.io/v1/workspaces/{customer id}/query`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::kql::{self, Reason};
use super::records;
use super::schema::Schema;
use super::workspaces::{WORKSPACES, customer_id};
use crate::arm::{Caller, verify_bearer};
use crate::parts::Site;
use crate::resources::{self, Resource};
use crate::roles::{self, Act};
use crate::world::World;

/// The audience of its tokens.
const AUDIENCE: &str = "https://api.loganalytics.io";

pub(super) struct Queries;

impl Site for Queries {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == "api.loganalytics.io" || host == "api.loganalytics.azure.com"
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().fallback(answer).with_state(world.clone())
    }
}

/// `/v1/workspaces/{customer id}/query` and `/v1/{the workspace's resource id}/query`, as POST or GET.
async fn answer(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = match method {
        Method::POST => serde_json::from_slice(&body).unwrap_or(Value::Null),
        Method::GET => form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect(),
        _ => {
            return Refused::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedError", "The method is not allowed")
                .into_response();
        }
    };
    match run(&world, uri.path(), &headers, &asked) {
        Ok(table) => Json(table).into_response(),
        Err(refused) => refused.into_response(),
    }
}

fn run(world: &World, path: &str, headers: &HeaderMap, asked: &Value) -> Result<Value, Refused> {
    let caller = caller(world, headers)?;
    let subject = path.strip_prefix("/v1").and_then(|rest| rest.strip_suffix("/query"));
    let subject = subject
        .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "PathNotFoundError", "The requested path does not exist"))?;
    let workspace = find(world, subject).ok_or_else(|| {
        Refused::new(StatusCode::NOT_FOUND, "WorkspaceNotFoundError", "The workspace could not be found")
    })?;
    let query = asked["query"].as_str().filter(|query| !query.trim().is_empty());
    let query = query.ok_or_else(|| Refused::bad("QueryMissing", "the body holds no query"))?;
    let table = kql::table_of(query)?;
    let now = world.clock.now();
    world.state.read(|draft| {
        for action in ["query".to_owned(), format!("query/{table}")] {
            let action = format!("{WORKSPACES}/{action}/read");
            if !roles::allows(draft, caller.object_id, workspace.id(), Act::Control(&action), now) {
                return Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    "InsufficientAccessError",
                    "The provided credentials have insufficient access to perform the requested operation",
                ));
            }
        }
        let within = timespan(asked["timespan"].as_str(), now)?;
        let find = |name: &str, needed: &[kql::Needed]| {
            let schema = Schema::named(name)?;
            Some(cut(records::table(draft, customer_id(&workspace), schema, needed), &within))
        };
        let table = kql::run(query, find, now)?;
        let columns: Vec<Value> =
            table.columns.iter().map(|column| json!({"name": column.name, "type": column.kind.name()})).collect();
        let rows: Vec<Vec<Value>> =
            table.rows.iter().map(|row| row.iter().map(kql::Value::to_json).collect()).collect();
        Ok(json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": rows}]}))
    })
}

fn caller(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token =
        value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        let message = "Valid authentication was not provided";
        return Err(Refused::new(StatusCode::UNAUTHORIZED, "AuthorizationRequiredError", message));
    };
    verify_bearer(world, token.trim(), &[AUDIENCE, "https://api.loganalytics.azure.com"]).map_err(|error| {
        let mut refused = Refused::new(
            StatusCode::UNAUTHORIZED,
            "InvalidTokenError",
            "The provided authentication is not valid for this resource",
        );
        refused.inner = Some(json!({"code": "TokenRejected", "message": error.to_string()}));
        refused
    })
}

fn find(world: &World, subject: &str) -> Option<Resource> {
    let wanted = match subject.strip_prefix("/workspaces/") {
        Some(customer) => world
            .state
            .read(|draft| resources::having(draft, "", WORKSPACES, "/body/properties/customerId", customer).pop()),
        None => world.state.read(|draft| resources::find(draft, subject)),
    }
    .filter(|found| found.kind().eq_ignore_ascii_case(WORKSPACES));
    wanted.filter(|found| found.provisioning_state() == "Succeeded")
}

/// From when to when records count, each end open where it is not said. ISO 8601: `PT1H`, or `from/to` of which one
/// may be a duration.
fn timespan(text: Option<&str>, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Refused> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok((None, None)) };
    let wrong = || Refused::bad("InvalidTimespan", &format!("'{text}' is no ISO 8601 duration or interval"));
    let long = |text: &str| text.parse::<Span>().ok()?.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok();
    let moment = |text: &str| kql::moment(text);
    match text.split_once('/') {
        None => {
            let since = long(text).and_then(|long| now.checked_sub(long).ok());
            Ok((Some(since.ok_or_else(wrong)?), None))
        }
        Some((from, to)) => match (moment(from), moment(to)) {
            (Some(from), Some(to)) => Ok((Some(from), Some(to))),
            (Some(from), None) => {
                let to = long(to).and_then(|long| from.checked_add(long).ok()).ok_or_else(wrong)?;
                Ok((Some(from), Some(to)))
            }
            (None, Some(to)) => {
                let from = long(from).and_then(|long| to.checked_sub(long).ok()).ok_or_else(wrong)?;
                Ok((Some(from), Some(to)))
            }
            (None, None) => Err(wrong()),
        },
    }
}

fn cut(mut table: kql::Table, (from, to): &(Option<Timestamp>, Option<Timestamp>)) -> kql::Table {
    let at = table.columns.iter().position(|column| column.name == "TimeGenerated");
    table.rows.retain(|row| match at.and_then(|at| row.get(at)) {
        Some(kql::Value::Time(time)) => from.is_none_or(|from| *time >= from) && to.is_none_or(|to| *time < to),
        _ => true,
    });
    table
}

/// A refusal in the service's shape: `{"error": {"message", "code", "correlationId", "innererror"}}`.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
    inner: Option<Value>,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message, inner: None }
    }

    fn bad(code: &str, message: &str) -> Self {
        let refused = Self::new(StatusCode::BAD_REQUEST, "BadArgumentError", "The request had some invalid properties");
        Self { inner: Some(json!({"code": code, "message": message})), ..refused }
    }
}

impl From<kql::Refusal> for Refused {
    fn from(refusal: kql::Refusal) -> Self {
        let innermost = json!({"code": refusal.code, "message": refusal.message});
        let inner = match refusal.reason {
            Reason::Syntax => {
                json!({"code": "SyntaxError", "message": "A recognition error occurred in the query.", "innererror": innermost})
            }
            Reason::Semantic => {
                json!({"code": "SemanticError", "message": "A semantic error occurred.", "innererror": innermost})
            }
            Reason::Unsupported => innermost,
        };
        Self { inner: Some(inner), ..Self::bad("", "") }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut error = json!({"message": self.message, "code": self.code, "correlationId": Uuid::new_v4()});
        if let Some(inner) = self.inner {
            error["innererror"] = inner;
        }
        (self.status, Json(json!({"error": error}))).into_response()
    }
}
