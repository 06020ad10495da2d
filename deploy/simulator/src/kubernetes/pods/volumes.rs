//! The files of a pod: its ConfigMaps and Secrets, and tokens of its service account that are renewed in time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::environment::{entries, make};
use crate::kubernetes::api::service_account_token;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, list, number, text};
use crate::kubernetes::store::Key;

/// Makes the volumes that a container mounts; the answer is (mount path, folder) for each.
pub(super) async fn prepare(
    cluster: &Cluster,
    pod: &Value,
    container: &Value,
) -> Result<Vec<(String, PathBuf)>, String> {
    let mut mounts = Vec::new();
    for mount in list(container, "/volumeMounts") {
        let name = text(mount, "/name");
        let volume = list(pod, "/spec/volumes")
            .iter()
            .find(|volume| text(volume, "/name") == name)
            .ok_or_else(|| format!("no volume \"{name}\" in the pod"))?;
        let folder = folder(cluster, pod, name);
        make(&folder).await?;
        fill(cluster, pod, volume).await?;
        mounts.push((text(mount, "/mountPath").to_string(), folder.join(text(mount, "/subPath"))));
    }
    // The longest path first, so that a mount inside a mount is found.
    mounts.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
    Ok(mounts)
}

fn folder(cluster: &Cluster, pod: &Value, volume: &str) -> PathBuf {
    cluster.pod_folder(object::uid(pod)).join("volumes").join(volume)
}

async fn fill(cluster: &Cluster, pod: &Value, volume: &Value) -> Result<(), String> {
    let folder = folder(cluster, pod, text(volume, "/name"));
    let namespace = object::namespace(pod);
    let mut files: Vec<(String, String)> = Vec::new();
    let sources = match volume.get("projected") {
        Some(projected) => list(projected, "/sources").to_vec(),
        None => vec![volume.clone()],
    };
    for source in &sources {
        for (field, kind) in [("configMap", &kind::CONFIG_MAP), ("secret", &kind::SECRET)] {
            if let Some(reference) = source.get(field) {
                files.extend(entries(cluster, kind, namespace, reference).await?);
            }
        }
        if let Some(token) = source.get("serviceAccountToken") {
            files.push((text(token, "/path").to_string(), make_token(cluster, pod, token).await?));
        }
    }
    for (name, content) in files {
        write(&folder.join(name), &content).await?;
    }
    Ok(())
}

async fn make_token(cluster: &Cluster, pod: &Value, token: &Value) -> Result<String, String> {
    let name = text(pod, "/spec/serviceAccountName");
    let key = Key::new(&kind::SERVICE_ACCOUNT, object::namespace(pod), name);
    let account = cluster.objects.get(&key).await.ok_or_else(|| format!("serviceaccount \"{name}\" not found"))?;
    let audiences = match text(token, "/audience") {
        "" => Vec::new(),
        audience => vec![audience.to_string()],
    };
    service_account_token(cluster, &account, &audiences, life(token)).map_err(|refusal| refusal.message)
}

fn life(token: &Value) -> Duration {
    Duration::from_secs(number(token, "/expirationSeconds").and_then(|it| u64::try_from(it).ok()).unwrap_or(3600))
}

/// A reader sees the old content or the new, never half of one.
async fn write(path: &std::path::Path, content: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("writing {} failed: {error}", path.display());
    if let Some(parent) = path.parent() {
        make(parent).await?;
    }
    let fresh = path.with_extension("new");
    tokio::fs::write(&fresh, content).await.map_err(failed)?;
    tokio::fs::rename(&fresh, path).await.map_err(failed)
}

/// Renews the pod's tokens after four fifths of their life, and its other files with them.
pub(super) async fn refresh(cluster: Arc<Cluster>, pod: Arc<Value>, end: CancellationToken) {
    let tokens = list(&pod, "/spec/volumes").iter().flat_map(|volume| list(volume, "/projected/sources"));
    let shortest = tokens.filter_map(|source| source.get("serviceAccountToken")).map(life).min();
    let Some(shortest) = shortest else { return };
    loop {
        // A token's life is calendar time, which the speed leaves alone.
        tokio::select! {
            () = cluster.world.clock.until(crate::clock::later(cluster.now(), shortest.mul_f64(0.8))) => {}
            () = end.cancelled() => return,
        }
        for volume in list(&pod, "/spec/volumes") {
            if let Err(why) = fill(&cluster, &pod, volume).await {
                tracing::warn!(pod = object::name(&pod), why, "a volume could not be renewed");
            }
        }
    }
}

/// Removes the files of a pod that is gone.
pub(super) async fn clear(cluster: &Cluster, pod: &Value) {
    let folder = cluster.pod_folder(object::uid(pod)).join("volumes");
    // Nothing there is as good.
    let _ = tokio::fs::remove_dir_all(folder).await;
}
