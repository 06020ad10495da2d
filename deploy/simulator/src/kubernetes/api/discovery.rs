//! What the API says about itself: its version, its groups, the kinds it serves.

use serde_json::{Value, json};

use crate::kubernetes::kind;

/// `GET /version` for a cluster of a patch version such as `1.35.1`.
pub(super) fn version(kubernetes: &str) -> Value {
    let mut parts = kubernetes.split('.');
    json!({
        "major": parts.next().unwrap_or("1"),
        "minor": parts.next().unwrap_or("0"),
        "gitVersion": format!("v{kubernetes}"),
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "go1.25.0",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// `GET /api`
pub(super) fn core_versions(host: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": format!("{host}:443")}],
    })
}

/// `GET /apis`
pub(super) fn groups() -> Value {
    let mut names: Vec<&str> = Vec::new();
    for kind in kind::ALL {
        if !kind.group.is_empty() && !names.contains(&kind.group) {
            names.push(kind.group);
        }
    }
    let groups: Vec<Value> = names.into_iter().filter_map(group).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `GET /apis/{group}`
pub(super) fn group(name: &str) -> Option<Value> {
    let kind = kind::ALL.into_iter().find(|kind| kind.group == name && !name.is_empty())?;
    let version = json!({"groupVersion": kind.api_version(), "version": kind.version});
    Some(json!({
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": [version],
        "preferredVersion": version,
    }))
}

/// `GET /api/v1`, `GET /apis/{group}/{version}`
pub(super) fn resources(group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<_> = kind::ALL.into_iter().filter(|kind| kind.group == group && kind.version == version).collect();
    let first = kinds.first()?;
    let rows: Vec<Value> = kinds.iter().flat_map(|kind| kind.discovery()).collect();
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": first.api_version(),
        "resources": rows,
    }))
}
