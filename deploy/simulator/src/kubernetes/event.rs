//! Events: what happened to an object, in a sentence, counted when it happens again.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kind::{self, Kind};
use super::object::{self, text};
use super::store::Key;

/// How many events a cluster keeps; the oldest go first.
const KEPT: usize = 500;

/// Whether people should worry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tone {
    Normal,
    Warning,
}

impl Tone {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

impl Cluster {
    /// Notes that something happened to `object`. `component` says who saw it (`kubelet`, `deployment-controller` …).
    pub async fn note(&self, kind: &Kind, object: &Value, component: &str, tone: Tone, reason: &str, message: &str) {
        let now = object::time(self.now());
        let namespace = match object::namespace(object) {
            "" => "default",
            own => own,
        };
        let (_, events) = self.objects.list(&kind::EVENT, "").await;
        let same = events.iter().find(|event| {
            text(event, "/involvedObject/uid") == object::uid(object)
                && text(event, "/reason") == reason
                && text(event, "/message") == message
        });
        if let Some(same) = same {
            let key = Key::of(&kind::EVENT, same);
            let again = self.objects.change(&key, |event| {
                event["count"] = json!(object::number(event, "/count").unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(now);
                Ok(())
            });
            // An event that was cleared away in between is no loss.
            let _ = again.await;
            return;
        }
        if events.len() >= KEPT
            && let Some(oldest) = events.iter().min_by_key(|event| text(event, "/lastTimestamp").to_string())
        {
            self.objects.remove(&Key::of(&kind::EVENT, oldest)).await;
        }
        let name = format!("{}.{}{}", object::name(object), object::suffix(), object::suffix());
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace, "uid": object::new_uid(), "creationTimestamp": now},
            "involvedObject": {
                "apiVersion": kind.api_version(),
                "kind": kind.kind,
                "name": object::name(object),
                "namespace": object::namespace(object),
                "uid": object::uid(object),
                "resourceVersion": text(object, "/metadata/resourceVersion"),
            },
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
            "type": tone.as_str(),
            "firstTimestamp": now,
            "lastTimestamp": now,
            "eventTime": null,
            "count": 1,
        });
        // The name is random; a clash is not worth a second try.
        let _ = self.objects.add(&kind::EVENT, event).await;
    }
}
