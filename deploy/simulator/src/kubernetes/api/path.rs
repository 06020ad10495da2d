//! What a request is about: its path and query taken apart into a verb, a kind and a name.

use std::collections::HashMap;

use http::{Method, Uri};

use crate::kubernetes::kind::{self, Kind};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::store::Key;

/// What a path names.
#[derive(Debug, PartialEq)]
pub(super) enum Path {
    Version,
    /// `/healthz`, `/livez`, `/readyz`.
    Health,
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/apps`
    Group(String),
    /// `/api/v1`, `/apis/apps/v1`: group (empty for core) and version.
    Resources(String, String),
    /// `/openapi/v3` (empty), `/openapi/v3/apis/apps/v1`
    Description(String),
    Objects(Place),
    Unknown,
}

/// A kind, one object of it, or a part of that.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) kind: &'static Kind,
    pub(super) namespace: String,
    /// Empty: the collection.
    pub(super) name: String,
    /// A subresource (`status`, `log`, `proxy` …), or empty.
    pub(super) part: String,
    /// What follows the subresource, with its leading slash: the path for a proxy.
    pub(super) rest: String,
}

impl Place {
    pub(super) fn key(&self) -> Key {
        Key::new(self.kind, &self.namespace, &self.name)
    }
}

impl Path {
    pub(super) fn parse(uri: &Uri) -> Self {
        let path = uri.path();
        let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
        match segments.as_slice() {
            ["version"] => Self::Version,
            ["healthz" | "livez" | "readyz", ..] => Self::Health,
            ["openapi", "v3", tail @ ..] => Self::Description(tail.join("/")),
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["api", version] => Self::Resources(String::new(), (*version).to_string()),
            ["apis", group] => Self::Group((*group).to_string()),
            ["apis", group, version] => Self::Resources((*group).to_string(), (*version).to_string()),
            ["api", version, tail @ ..] => objects("", version, tail, path),
            ["apis", group, version, tail @ ..] => objects(group, version, tail, path),
            _ => Self::Unknown,
        }
    }
}

fn objects(group: &str, version: &str, tail: &[&str], path: &str) -> Path {
    let (namespace, tail) = match tail {
        // `namespaces/x/pods` lies in x; `namespaces/x` and `namespaces/x/status` are the namespace itself.
        ["namespaces", namespace, plural, more @ ..] if *plural != "status" && *plural != "finalize" => {
            let mut inner = vec![*plural];
            inner.extend_from_slice(more);
            (*namespace, inner)
        }
        other => ("", other.to_vec()),
    };
    let Some(kind) = tail.first().and_then(|plural| kind::find(group, version, plural)) else {
        return Path::Unknown;
    };
    let part = tail.get(2).copied().unwrap_or("");
    let rest = match tail.get(1) {
        Some(name) if !part.is_empty() => {
            let marker = format!("/{name}/{part}");
            path.split_once(&marker).map_or("", |(_, rest)| rest)
        }
        _ => "",
    };
    let known =
        part.is_empty() || (part == "status" && kind.status) || kind.parts.iter().any(|(name, ..)| *name == part);
    if !known || (part != "proxy" && tail.len() > 3) {
        return Path::Unknown;
    }
    Path::Objects(Place {
        kind,
        namespace: namespace.to_string(),
        name: tail.get(1).copied().unwrap_or("").to_string(),
        part: part.to_string(),
        rest: rest.to_string(),
    })
}

/// The query of a request.
#[derive(Debug, Default)]
pub(super) struct Query(HashMap<String, String>);

impl Query {
    pub(super) fn parse(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// A parameter, or the empty string.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    /// A whole number, or nothing where the parameter is absent.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Refusal::bad_request(format!("query parameter {name}: \"{text}\" is not a whole number"))),
        }
    }

    pub(super) fn is_dry(&self) -> bool {
        self.text("dryRun") == "All"
    }
}

/// The verb that permissions are about.
pub(super) fn verb(method: &Method, place: &Place, query: &Query) -> &'static str {
    match (method.as_str(), place.name.is_empty()) {
        ("GET" | "HEAD", true) if query.is_on("watch") => "watch",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &'static str) -> Option<(String, String, String, String, String)> {
        match Path::parse(&Uri::from_static(path)) {
            Path::Objects(place) => {
                Some((place.kind.plural.to_string(), place.namespace, place.name, place.part, place.rest))
            }
            _ => None,
        }
    }

    #[test]
    fn paths_are_taken_apart() {
        let cases = [
            ("/api/v1/namespaces", ("namespaces", "", "", "", "")),
            ("/api/v1/namespaces/a", ("namespaces", "", "a", "", "")),
            ("/api/v1/namespaces/a/pods", ("pods", "a", "", "", "")),
            ("/api/v1/pods", ("pods", "", "", "", "")),
            ("/apis/apps/v1/namespaces/a/deployments/web/status", ("deployments", "a", "web", "status", "")),
            ("/api/v1/namespaces/a/pods/web-1:8081/proxy/readyz/x", ("pods", "a", "web-1:8081", "proxy", "/readyz/x")),
            ("/api/v1/namespaces/a/serviceaccounts/s/token", ("serviceaccounts", "a", "s", "token", "")),
        ];
        for (path, (kind, namespace, name, part, rest)) in cases {
            let expected = [kind, namespace, name, part, rest].map(str::to_string);
            let [kind, namespace, name, part, rest] = expected;
            assert_eq!(place(path), Some((kind, namespace, name, part, rest)), "{path}");
        }
        assert_eq!(place("/api/v1/namespaces/a/unicorns"), None);
        assert_eq!(place("/api/v1/namespaces/a/pods/x/exec"), None);
    }
}
