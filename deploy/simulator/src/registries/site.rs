//! Answers at a registry's login server: tokens, and which images there are for whoever may pull.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts as RequestParts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::refusal::RegistryRefusal;
use super::{REGISTRIES, tokens};
use crate::door::HostName;
use crate::kubernetes::pods::image;
use crate::parts::Site;
use crate::resources::{self, Resource};
use crate::roles::{self, Act};
use crate::world::World;

/// The content of an image's configuration: there is none.
const EMPTY: &str = "{}";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The login servers of all registries.
pub(super) struct LoginServers;

impl Site for LoginServers {
    fn answers(&self, world: &World, host: &str) -> bool {
        registry(world, host).is_some()
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().fallback(answer).with_state(world.clone())
    }
}

/// The registry whose login server has that name; it resolves as soon as there is one.
fn registry(world: &World, host: &str) -> Option<Resource> {
    let name = host.strip_suffix(".azurecr.io")?;
    world.state.read(|draft| resources::named(draft, REGISTRIES, name))
}

/// What is answered: a document, or an image's part with its digest.
enum Granted {
    Document(Value),
    Content(&'static str, String),
}

async fn answer(
    State(world): State<Arc<World>>,
    Extension(HostName(host)): Extension<HostName>,
    Query(query): Query<BTreeMap<String, String>>,
    request: RequestParts,
    body: Bytes,
) -> Response {
    let path = request.uri.path().trim_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let mut response = match grant(&world, &host, query, &request, &body, &parts) {
        Ok(Granted::Document(document)) => Json(document).into_response(),
        Ok(Granted::Content(kind, content)) => content_of(&request.method, kind, content),
        Err(refusal) => refusal.answer(&host, &scope(&parts)),
    };
    let headers = response.headers_mut();
    headers.insert("docker-distribution-api-version", HeaderValue::from_static("registry/2.0"));
    response
}

fn content_of(method: &Method, kind: &'static str, content: String) -> Response {
    let digest = digest(&content);
    let headers = [
        ("content-type", kind.to_owned()),
        ("content-length", content.len().to_string()),
        ("etag", format!("\"{digest}\"")),
        ("docker-content-digest", digest),
    ];
    let body = if *method == Method::HEAD { String::new() } else { content };
    (StatusCode::OK, headers, body).into_response()
}

fn digest(content: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(content)))
}

fn grant(
    world: &World,
    host: &str,
    query: BTreeMap<String, String>,
    request: &RequestParts,
    body: &[u8],
    parts: &[&str],
) -> Result<Granted, RegistryRefusal> {
    let registry = registry(world, host).ok_or_else(RegistryRefusal::unauthorized)?;
    let form = || form_urlencoded::parse(body).into_owned().collect::<BTreeMap<String, String>>();
    match (&request.method, parts) {
        (&Method::POST, ["oauth2", "exchange"]) => tokens::exchange(world, host, &form()).map(Granted::Document),
        (&Method::POST, ["oauth2", "token"]) => {
            tokens::access(world, host, &request.headers, &form()).map(Granted::Document)
        }
        (&Method::GET, ["oauth2", "token"]) => {
            tokens::access(world, host, &request.headers, &query).map(Granted::Document)
        }
        (&Method::GET | &Method::HEAD, ["v2"]) => {
            let who = tokens::bearer(world, host, &request.headers)?.0;
            who.map(|_| Granted::Document(json!({}))).ok_or_else(RegistryRefusal::unauthorized)
        }
        (&Method::GET | &Method::HEAD, ["v2", rest @ ..]) => {
            let (who, scopes) = tokens::bearer(world, host, &request.headers)?;
            if !may_pull(world, &registry, who) || !covers(&scopes, &scope(parts)) {
                return Err(RegistryRefusal::unauthorized());
            }
            content(world, host, rest)
        }
        _ => Err(RegistryRefusal::read_only()),
    }
}

/// What a path needs: `registry:catalog:*`, or `repository:NAME:pull`.
fn scope(parts: &[&str]) -> String {
    match parts {
        ["v2", "_catalog"] => "registry:catalog:*".to_owned(),
        ["v2", name @ .., _, _] if !name.is_empty() => format!("repository:{}:pull", name.join("/")),
        _ => String::new(),
    }
}

/// Whether a token for `scopes` is one for `needed`.
fn covers(scopes: &str, needed: &str) -> bool {
    let (what, _) = needed.rsplit_once(':').unwrap_or((needed, ""));
    let is_for = |scope: &str| {
        scope.rsplit_once(':').is_some_and(|(named, actions)| {
            named == what && actions.split(',').any(|action| action == "pull" || action == "*")
        })
    };
    scopes.split_whitespace().any(is_for)
}

fn may_pull(world: &World, registry: &Resource, who: tokens::Who) -> bool {
    if registry.body["properties"]["anonymousPullEnabled"] == true {
        return true;
    }
    let act = Act::Control("Microsoft.ContainerRegistry/registries/pull/read");
    let now = world.clock.now();
    who.is_some_and(|who| world.state.read(|draft| roles::allows(draft, who, registry.id(), act, now)))
}

fn content(world: &World, host: &str, parts: &[&str]) -> Result<Granted, RegistryRefusal> {
    let images = images(world, host);
    let unknown = |name: &[&str], tag: &str| RegistryRefusal::unknown(&name.join("/"), tag);
    match parts {
        ["_catalog"] => {
            let names: BTreeSet<&String> = images.iter().map(|(name, _)| name).collect();
            Ok(Granted::Document(json!({"repositories": names})))
        }
        [name @ .., "tags", "list"] => {
            let wanted = name.join("/");
            let tags: Vec<&String> = images.iter().filter(|(name, _)| *name == wanted).map(|(_, tag)| tag).collect();
            if tags.is_empty() {
                Err(unknown(name, ""))
            } else {
                Ok(Granted::Document(json!({"name": wanted, "tags": tags})))
            }
        }
        [name @ .., "manifests", tag] => {
            let wanted = name.join("/");
            let manifest = manifest(&wanted);
            let named =
                |(name, known): &(String, String)| *name == wanted && (known == tag || *tag == digest(&manifest));
            if images.iter().any(named) { Ok(Granted::Content(MANIFEST, manifest)) } else { Err(unknown(name, tag)) }
        }
        [_, .., "blobs", wanted] if *wanted == digest(EMPTY) => {
            Ok(Granted::Content("application/octet-stream", EMPTY.to_owned()))
        }
        [name @ .., _, what] => Err(unknown(name, what)),
        _ => Err(unknown(parts, "")),
    }
}

/// The images of this registry that a program stands for, by name and tag.
fn images(world: &World, host: &str) -> Vec<(String, String)> {
    let all = image::read(&world.folder.join(image::FILE)).into_keys();
    let own = all.filter_map(|name| name.strip_prefix(&format!("{host}/")).map(str::to_owned));
    own.filter_map(|name| name.split_once(':').map(|(name, tag)| (name.to_owned(), tag.to_owned()))).collect()
}

/// An image without layers: what runs is a program of this machine.
fn manifest(name: &str) -> String {
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(EMPTY), "size": EMPTY.len()},
        "layers": [],
        "annotations": {"org.opencontainers.image.title": name},
    })
    .to_string()
}
