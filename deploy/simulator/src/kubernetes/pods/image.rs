//! Which program stands for an image, and whether a node may pull it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::StartError;
use crate::kubernetes::cluster::{Cluster, Facts};
use crate::registries::REGISTRIES;
use crate::resources;
use crate::roles::{self, Act};

/// The file of the state folder that names a program for each image: `{"IMAGE": "PROGRAM"}`.
pub const FILE: &str = "images.json";

/// What runs in a container.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// A file that is started.
    File(String),
    /// The pause image: nothing runs and every probe succeeds, which is enough for large worlds.
    Pause,
}

/// Writes the file with `images` (NAME=PROGRAM, the tag `latest` where the name has none) added to what it names.
pub fn write(folder: &Path, images: impl IntoIterator<Item = (String, String)>) -> Result<(), StartError> {
    let path = folder.join(FILE);
    let mut all = read(&path);
    all.extend(images.into_iter().map(|(name, program)| (whole_name(&name), program)));
    let failed = |error: std::io::Error| StartError::new(format!("writing {}", path.display()), error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    std::fs::write(&path, text).map_err(failed)
}

/// The programs by the name of their image.
pub fn read(path: &Path) -> BTreeMap<String, String> {
    std::fs::read_to_string(path).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// The image's name with a tag.
fn whole_name(image: &str) -> String {
    let image = image.strip_prefix("docker.io/library/").or_else(|| image.strip_prefix("docker.io/")).unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) { image.to_string() } else { format!("{image}:latest") }
}

/// Pulls an image to a node of the cluster. The error is what the container runtime says.
pub fn pull(cluster: &Cluster, image: &str) -> Result<Program, String> {
    let name = whole_name(image);
    let host = name.split('/').next().unwrap_or("");
    let begin = format!("failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": ");
    if let Some(registry) = host.strip_suffix(".azurecr.io") {
        let repository = name.get(host.len() + 1..).and_then(|it| it.split([':', '@']).next()).unwrap_or("");
        let allowed = may_pull(cluster, &cluster.facts(), registry);
        match allowed {
            None => {
                return Err(format!(
                    "{begin}failed to do request: Head \"https://{host}/v2/{repository}/manifests/latest\": dial tcp: lookup {host}: no such host"
                ));
            }
            Some(false) => {
                return Err(format!(
                    "{begin}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://{host}/oauth2/token?scope=repository%3A{}%3Apull&service={host}: 401 Unauthorized",
                    repository.replace('/', "%2F")
                ));
            }
            Some(true) => {}
        }
    }
    // Read anew each time: an image that somebody adds is found at the next try.
    if let Some(program) = read(&cluster.world.folder.join(FILE)).get(&name) {
        return if Path::new(program).is_file() {
            Ok(Program::File(program.clone()))
        } else {
            Err(format!("failed to unpack image \"{name}\": its program {program} is not there"))
        };
    }
    let bare = name.split([':', '@']).next().unwrap_or("");
    if bare == "pause" || bare.ends_with("/pause") {
        return Ok(Program::Pause);
    }
    Err(format!("{begin}{name}: not found"))
}

/// Whether the nodes' identity may pull from a registry; nothing where there is no such registry.
fn may_pull(cluster: &Cluster, facts: &Facts, registry: &str) -> Option<bool> {
    let world = &cluster.world;
    let now = cluster.now();
    world.state.read(|draft| {
        let found = resources::named(draft, REGISTRIES, registry)?;
        if found.body["properties"]["anonymousPullEnabled"] == Value::Bool(true) {
            return Some(true);
        }
        let who = facts.kubelet_object_id?;
        Some(roles::allows(
            draft,
            who,
            found.id(),
            Act::Control("Microsoft.ContainerRegistry/registries/pull/read"),
            now,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_tag_means_latest() {
        for (image, whole) in [
            ("web", "web:latest"),
            ("docker.io/library/web:1", "web:1"),
            ("shop.azurecr.io/team/web", "shop.azurecr.io/team/web:latest"),
            ("localhost:5000/web", "localhost:5000/web:latest"),
        ] {
            assert_eq!(whole_name(image), whole);
        }
    }
}
