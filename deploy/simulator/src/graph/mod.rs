//! Answers as Microsoft Graph, as far as the Azure command line and portals ask it who somebody is.
//!
//! Every call needs a permission that an administrator has granted to the application, as in life; which application
//! has which is part of the directory ([`directory::Consents`]) and can be changed by a control route.
mod batch;
mod caller;
mod document;
mod list;
mod members;
mod refusal;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts as RequestParts;
use http::{HeaderMap, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::{self, Principal, PrincipalKind};
use crate::parts::{Parts, Site};
use crate::world::World;
use caller::{Caller, GROUPS, Permission, SERVICE_PRINCIPALS, USERS};
use refusal::GraphRefusal;

pub use caller::PERMISSIONS;

/// Adds `graph.microsoft.com`.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Graph);
}

struct Graph;

impl Site for Graph {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == "graph.microsoft.com"
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().fallback(answer).layer(DefaultBodyLimit::max(4 << 20)).with_state(world.clone())
    }
}

/// One request, once its caller is known.
struct Wish<'a> {
    world: &'a World,
    caller: Caller,
    /// `v1.0` or `beta`.
    version: &'a str,
    query: BTreeMap<String, String>,
    body: Value,
}

type Granted = Result<Value, GraphRefusal>;

async fn answer(State(world): State<Arc<World>>, request: RequestParts, body: Bytes) -> Response {
    let mut response = match grant(&world, &request, &body) {
        Ok(document) => axum::Json(document).into_response(),
        Err(refusal) => refusal.answer(&world, &request.headers),
    };
    add_request_ids(&request.headers, response.headers_mut());
    response
}

fn add_request_ids(asked: &HeaderMap, headers: &mut HeaderMap) {
    let own = HeaderValue::from_str(&Uuid::new_v4().to_string());
    if let Ok(id) = own {
        let client = asked.get("client-request-id").cloned().unwrap_or_else(|| id.clone());
        headers.insert("client-request-id", client);
        headers.entry("request-id").or_insert(id);
    }
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    headers.insert("cache-control", HeaderValue::from_static("no-cache"));
}

fn grant(world: &World, request: &RequestParts, body: &[u8]) -> Granted {
    let caller = caller::authenticate(world, &request.headers)?;
    let body = match body {
        [] => Value::Null,
        body => serde_json::from_slice(body).map_err(|_| {
            GraphRefusal::bad("BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
        })?,
    };
    let path = request.uri.path().trim_matches('/');
    let (version, path) = path.split_once('/').unwrap_or((path, ""));
    let asked = Asked { version, method: &request.method, path, query: request.uri.query().unwrap_or_default() };
    match (&request.method, path) {
        (&Method::GET | &Method::POST, "userinfo") if version == "oidc" => userinfo(world, &caller),
        (&Method::POST, "$batch") => batch::answer(world, &request.headers, version, &body),
        _ => ask(world, caller, &asked, body),
    }
}

/// Who is signed in, in the words of OpenID Connect.
fn userinfo(world: &World, caller: &Caller) -> Granted {
    let user = world.state.read(|draft| directory::find(draft, caller.object_id)).filter(|_| caller.delegated);
    let user = user.ok_or_else(|| GraphRefusal::token("UserInfo endpoint is for people who are signed in."))?;
    Ok(json!({"sub": caller.subject, "name": user.name, "email": user.user_name}))
}

/// One question, alone or in a batch.
struct Asked<'a> {
    version: &'a str,
    method: &'a Method,
    path: &'a str,
    query: &'a str,
}

fn ask(world: &World, caller: Caller, asked: &Asked<'_>, body: Value) -> Granted {
    if !matches!(asked.version, "v1.0" | "beta") {
        return Err(GraphRefusal::bad("BadRequest", format!("Invalid version: {}", asked.version)));
    }
    let path = percent_decode_str(asked.path).decode_utf8_lossy().into_owned();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let query: BTreeMap<String, String> = form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
    let wish = Wish { world, caller, version: asked.version, query, body };
    route(&wish, asked.method, &parts)
}

fn route(wish: &Wish<'_>, method: &Method, parts: &[&str]) -> Granted {
    let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (method, words.as_slice()) {
        (&Method::GET, ["me"]) => {
            let me = wish.me()?;
            document::entity(wish, "users", &me)
        }
        (&Method::GET, ["me", "memberof" | "transitivememberof"]) => members::groups(wish, &wish.me()?),
        (&Method::POST, ["me", question]) => members::asked(wish, &wish.me()?, question),
        (&Method::GET, ["users"]) => list::of_kind(wish, PrincipalKind::User),
        (&Method::GET, ["groups"]) => list::of_kind(wish, PrincipalKind::Group),
        (&Method::GET, ["serviceprincipals"]) => list::of_kind(wish, PrincipalKind::ServicePrincipal),
        (&Method::POST, ["directoryobjects", "getbyids"]) => list::by_ids(wish),
        (_, [collection, rest @ ..]) => {
            let (kind, key) = key(collection, rest, parts).ok_or_else(|| unknown(collection))?;
            let rest = if collection.contains('(') { rest } else { rest.get(1..).unwrap_or_default() };
            wish.caller.need(needed(kind))?;
            let found = wish.find(kind, &key)?;
            match (method, rest) {
                (&Method::GET, []) => document::entity(wish, document::collection(kind, &found), &found),
                (&Method::GET, ["memberof" | "transitivememberof"]) => members::groups(wish, &found),
                (&Method::GET, ["members" | "transitivemembers"]) => members::of_group(wish, &found),
                (&Method::POST, [question]) => members::asked(wish, &found, question),
                _ => Err(unknown(rest.first().copied().unwrap_or(collection))),
            }
        }
        _ => Err(unknown("")),
    }
}

fn unknown(segment: &str) -> GraphRefusal {
    GraphRefusal::bad("BadRequest", format!("Resource not found for the segment '{segment}'."))
}

/// How a path names one object: `users/{id}`, `servicePrincipals(appId='{id}')`. Keys keep their case.
fn key(collection: &str, rest: &[&str], parts: &[&str]) -> Option<(Option<PrincipalKind>, String)> {
    let (name, alternate) = collection.split_once('(').map_or((collection, None), |(name, key)| (name, Some(key)));
    let kind = match name {
        "users" => Some(PrincipalKind::User),
        "groups" => Some(PrincipalKind::Group),
        "serviceprincipals" => Some(PrincipalKind::ServicePrincipal),
        "directoryobjects" => None,
        _ => return None,
    };
    match alternate {
        Some(key) => Some((kind, key.strip_suffix("')")?.split_once("='")?.1.to_owned())),
        None => rest.first().and(parts.get(1)).map(|key| (kind, (*key).to_owned())),
    }
}

/// What reading one object of a kind needs.
fn needed(kind: Option<PrincipalKind>) -> &'static [Permission] {
    match kind {
        Some(PrincipalKind::User) => USERS,
        Some(PrincipalKind::Group) => GROUPS,
        Some(PrincipalKind::ServicePrincipal) => SERVICE_PRINCIPALS,
        None => &[],
    }
}

impl Wish<'_> {
    /// The person who is signed in.
    fn me(&self) -> Result<Principal, GraphRefusal> {
        if !self.caller.delegated {
            return Err(GraphRefusal::bad(
                "BadRequest",
                "/me request is only valid with delegated authentication flow.",
            ));
        }
        self.caller.need(caller::ONESELF)?;
        self.find(Some(PrincipalKind::User), &self.caller.object_id.to_string())
    }

    /// A user by id or sign-in name, a service principal by id or client id, everything else by id.
    fn find(&self, kind: Option<PrincipalKind>, key: &str) -> Result<Principal, GraphRefusal> {
        let missing = || GraphRefusal::missing(key);
        let found = match (kind, Uuid::parse_str(key)) {
            (Some(PrincipalKind::User), Err(_)) => directory::all(&self.world.state)
                .into_iter()
                .find(|one| one.user_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(key))),
            (Some(PrincipalKind::ServicePrincipal), Ok(id)) => {
                self.world.state.read(|draft| directory::find(draft, id).or_else(|| directory::find_by_app(draft, id)))
            }
            (_, Ok(id)) => self.world.state.read(|draft| directory::find(draft, id)),
            (_, Err(_)) => None,
        };
        found.filter(|one| kind.is_none_or(|kind| kind == one.kind)).ok_or_else(missing)
    }

    /// `https://graph.microsoft.com/v1.0/$metadata#…`
    fn context(&self, of: &str) -> Value {
        json!(format!("https://graph.microsoft.com/{}/$metadata#{of}", self.version))
    }
}
