//! One line for each pod: of which cluster and workload it is, and how it is.
use serde_json::Value;

use crate::kubernetes::CLUSTERS;
use crate::kubernetes::cluster::OBJECTS;
use crate::place;
use crate::resources::Resource;
use crate::state::Draft;

/// The lines of the pods of every cluster.
pub(super) fn lines(draft: &Draft<'_>, all: &[Resource]) -> Vec<String> {
    let clusters = all.iter().filter(|one| one.kind().eq_ignore_ascii_case(CLUSTERS));
    let mut lines = Vec::new();
    for cluster in clusters {
        let uid = cluster.body["properties"]["resourceUID"].as_str().unwrap_or_default();
        let name = cluster.body["name"].as_str().unwrap_or_default();
        draft.visit(OBJECTS, &format!("{uid}/pods/"), |_, record| lines.push(line(name, &record["object"])));
    }
    lines
}

fn line(cluster: &str, pod: &Value) -> String {
    let text = |path: &str| place::at(pod, path).and_then(Value::as_str).unwrap_or_default();
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let is_ready = conditions.into_iter().any(|it| it["type"] == "Ready" && it["status"] == "True");
    let images: Vec<&str> = pod["spec"]["containers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|container| container["image"].as_str())
        .collect();
    format!(
        "{cluster} {}/{} {}{} image {}",
        text("/metadata/namespace"),
        workload(pod),
        text("/status/phase"),
        if is_ready { " ready" } else { "" },
        images.join(", ")
    )
}

/// The name without what makes it differ from its like: the template's hash and five random letters.
fn workload(pod: &Value) -> String {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let owner = pod["metadata"]["ownerReferences"][0]["name"].as_str();
    let hash = pod["metadata"]["labels"]["pod-template-hash"].as_str().unwrap_or_default();
    match owner {
        Some(owner) => owner.strip_suffix(&format!("-{hash}")).unwrap_or(owner).to_owned(),
        None => name.to_owned(),
    }
}
