//! Deletes objects as Kubernetes does: at once, after a grace period, when the last finalizer is gone, with what they own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kind;
use super::object::{self, list, text};
use super::refusal::Refusal;
use super::store::Key;
use crate::clock::later;

/// What a caller may say about a deletion (`DeleteOptions` and its query parameters).
#[derive(Debug, Default, Clone)]
pub struct Wish {
    pub grace_seconds: Option<i64>,
    /// `Background` (what is owned goes afterwards), `Foreground` (before) or `Orphan` (stays).
    pub propagation: String,
    pub only_uid: Option<String>,
    pub only_version: Option<String>,
    pub dry: bool,
}

impl Wish {
    /// From a `DeleteOptions` body.
    pub fn from_body(body: &Value) -> Self {
        let precondition = |name: &str| body["preconditions"][name].as_str().map(str::to_string);
        Self {
            grace_seconds: body["gracePeriodSeconds"].as_i64(),
            propagation: text(body, "/propagationPolicy").to_string(),
            only_uid: precondition("uid"),
            only_version: precondition("resourceVersion"),
            dry: list(body, "/dryRun").iter().any(|it| it == "All"),
        }
    }
}

impl Cluster {
    /// Deletes an object, or begins to. The answer is the object while it still stands, nothing once it is gone.
    pub async fn delete(&self, key: &Key, wish: &Wish) -> Result<Option<Arc<Value>>, Refusal> {
        let current = self.objects.get(key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
        check_preconditions(key, &current, wish)?;
        if wish.dry {
            return Ok(Some(current));
        }
        if wish.propagation == "Orphan" {
            self.orphan(&current).await;
        }
        let grace = self.grace(key, &current, wish);
        let now = self.now();
        let waits_for_owned = wish.propagation == "Foreground";
        let marked = self
            .objects
            .change(key, |object| {
                let end = later(now, Duration::from_secs(u64::try_from(grace).unwrap_or(0)));
                let earlier = object::time_at(object, "/metadata/deletionTimestamp").is_none_or(|was| end < was);
                if earlier {
                    object::set(object, &["metadata", "deletionTimestamp"], json!(object::time(end)));
                    object::set(object, &["metadata", "deletionGracePeriodSeconds"], json!(grace));
                }
                if waits_for_owned {
                    let mut finalizers = list(object, "/metadata/finalizers").to_vec();
                    if !finalizers.iter().any(|it| it == FOREGROUND) {
                        finalizers.push(json!(FOREGROUND));
                    }
                    object::set(object, &["metadata", "finalizers"], Value::Array(finalizers));
                }
                if *key.kind == kind::NAMESPACE {
                    object["status"]["phase"] = json!("Terminating");
                }
                Ok(())
            })
            .await?;
        let stays = grace > 0 || *key.kind == kind::NAMESPACE || !list(&marked, "/metadata/finalizers").is_empty();
        if stays {
            return Ok(Some(marked));
        }
        self.objects.remove(key).await;
        Ok(None)
    }

    /// Removes an object that waits for deletion once nothing holds it any more.
    pub async fn remove_if_released(&self, key: &Key, object: &Value) {
        let held =
            !list(object, "/metadata/finalizers").is_empty() || *key.kind == kind::NAMESPACE || *key.kind == kind::POD;
        if object::is_deleting(object) && !held {
            self.objects.remove(key).await;
        }
    }

    /// Seconds that the object is given to end in peace: only a pod that has reached a node is.
    fn grace(&self, key: &Key, object: &Value, wish: &Wish) -> i64 {
        if *key.kind != kind::POD || text(object, "/spec/nodeName").is_empty() {
            return 0;
        }
        let own = object::number(object, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        wish.grace_seconds.unwrap_or(own).max(0)
    }

    async fn orphan(&self, owner: &Value) {
        for (kind, owned) in self.objects.all().await {
            if object::owners(&owned).iter().any(|(_, _, uid)| *uid == object::uid(owner)) {
                let uid = object::uid(owner).to_string();
                let key = Key::of(kind, &owned);
                let freed = self.objects.change(&key, |object| {
                    if let Some(references) = object["metadata"]["ownerReferences"].as_array_mut() {
                        references.retain(|reference| text(reference, "/uid") != uid);
                    }
                    Ok(())
                });
                // Gone in the meantime is just as well.
                let _ = freed.await;
            }
        }
    }
}

/// The finalizer of an owner that waits for what it owns.
pub const FOREGROUND: &str = "foregroundDeletion";

fn check_preconditions(key: &Key, current: &Value, wish: &Wish) -> Result<(), Refusal> {
    let differs = |wanted: &Option<String>, found: &str| wanted.as_deref().is_some_and(|it| it != found);
    if differs(&wish.only_uid, object::uid(current)) {
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            wish.only_uid.as_deref().unwrap_or(""),
            object::uid(current)
        );
        return Err(Refusal::conflict(key.kind, &key.name, &why));
    }
    let version = text(current, "/metadata/resourceVersion");
    if differs(&wish.only_version, version) {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {}, ResourceVersion in object meta: {version}",
            wish.only_version.as_deref().unwrap_or("")
        );
        return Err(Refusal::conflict(key.kind, &key.name, &why));
    }
    Ok(())
}
