//! Takes an object into a cluster: metadata, defaults, rules and what admission adds to it.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kind::{self, Kind};
use super::object::{self, default, set, text};
use super::refusal::Refusal;
use super::store::Key;
use super::{defaults, rules, schema, webhook};
use crate::faults::Webhook;

impl Cluster {
    /// Creates an object. With `dry` it is checked and completed, and not kept.
    pub async fn create(&self, kind: &'static Kind, mut new: Value, dry: bool) -> Result<Arc<Value>, Refusal> {
        self.prepare(kind, &mut new).await?;
        if dry {
            return Ok(Arc::new(new));
        }
        self.objects.add(kind, new).await
    }

    async fn prepare(&self, kind: &'static Kind, new: &mut Value) -> Result<(), Refusal> {
        schema::check(kind, new)?;
        if !new["metadata"].is_object() {
            new["metadata"] = json!({});
        }
        if object::name(new).is_empty() && !text(new, "/metadata/generateName").is_empty() {
            let name = format!("{}{}", text(new, "/metadata/generateName"), object::suffix());
            set(new, &["metadata", "name"], json!(name));
        }
        new["apiVersion"] = json!(kind.api_version());
        new["kind"] = json!(kind.kind);
        for given in ["resourceVersion", "uid", "deletionTimestamp", "selfLink", "managedFields"] {
            if let Some(metadata) = new["metadata"].as_object_mut() {
                metadata.remove(given);
            }
        }
        set(new, &["metadata", "uid"], json!(object::new_uid()));
        set(new, &["metadata", "creationTimestamp"], json!(object::time(self.now())));
        if kind.status && new.get("spec").is_some() {
            set(new, &["metadata", "generation"], json!(1));
        }
        if kind.status
            && let Some(new) = new.as_object_mut()
        {
            new.insert("status".into(), json!({}));
        }
        defaults::fill(kind, new);
        rules::check(kind, new, None)?;
        if kind.namespaced {
            self.check_namespace(kind, new).await?;
        }
        if *kind == kind::POD {
            self.admit_pod(new).await?;
        }
        if *kind == kind::SERVICE {
            self.admit_service(new).await?;
        }
        Ok(())
    }

    async fn check_namespace(&self, kind: &Kind, new: &Value) -> Result<(), Refusal> {
        let namespace = object::namespace(new);
        let key = Key::new(&kind::NAMESPACE, "", namespace);
        let found = self.objects.get(&key).await.ok_or_else(|| Refusal::not_found(&kind::NAMESPACE, namespace))?;
        if object::is_deleting(&found) {
            let message = format!(
                "{} \"{}\" is forbidden: unable to create new content in namespace {namespace} because it is being terminated",
                kind.qualified(),
                object::name(new)
            );
            return Err(Refusal::forbidden(kind, object::name(new), message));
        }
        Ok(())
    }

    async fn admit_pod(&self, pod: &mut Value) -> Result<(), Refusal> {
        let (namespace, name) = (object::namespace(pod).to_string(), object::name(pod).to_string());
        let account_name = text(pod, "/spec/serviceAccountName").to_string();
        let key = Key::new(&kind::SERVICE_ACCOUNT, &namespace, &account_name);
        let Some(account) = self.objects.get(&key).await else {
            let message = format!(
                "pods \"{name}\" is forbidden: error looking up service account {namespace}/{account_name}: serviceaccount \"{account_name}\" not found"
            );
            return Err(Refusal::forbidden(&kind::POD, &name, message));
        };
        let facts = self.facts();
        let place = format!("{}/namespaces/{namespace}/pods/{name}", self.id);
        let asked = webhook::is_asked(pod, &facts);
        match asked.then(|| self.world.faults.strike_webhook(&place)).flatten() {
            None => webhook::mutate(pod, &account, &facts),
            Some(Webhook::Ignored) => {}
            Some(how) => return Err(webhook::unreachable(how)),
        }
        set(pod, &["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
        Ok(())
    }

    /// A service gets its address inside the cluster when it is made, and keeps it.
    async fn admit_service(&self, service: &mut Value) -> Result<(), Refusal> {
        if text(service, "/spec/clusterIP").is_empty() && text(service, "/spec/type") != "ExternalName" {
            let free = self
                .networks
                .take_service()
                .ok_or_else(|| Refusal::internal("failed to allocate IP: range is full".to_string()))?;
            default(service, &["spec", "clusterIP"], json!(free.to_string()));
            default(service, &["spec", "clusterIPs"], json!([free.to_string()]));
        }
        Ok(())
    }

    /// Replaces an object by `new` as its author sees it: status, identity and creation stay what they were.
    /// `part` is `status` to replace the status alone.
    pub async fn replace(&self, key: &Key, new: Value, part: &str, dry: bool) -> Result<Arc<Value>, Refusal> {
        if !dry {
            let written = self.objects.change(key, |object| replace_in_place(key, object, new, part)).await?;
            self.remove_if_released(key, &written).await;
            return Ok(written);
        }
        let current = self.objects.get(key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
        let mut copy = (*current).clone();
        replace_in_place(key, &mut copy, new, part)?;
        Ok(Arc::new(copy))
    }

    /// Reads an object, lets `edit` change a copy, and replaces it; tried again when somebody wrote in between.
    pub async fn edit<F>(&self, key: &Key, part: &str, dry: bool, edit: F) -> Result<Arc<Value>, Refusal>
    where
        F: Fn(&mut Value) -> Result<(), Refusal>,
    {
        for _ in 0..8 {
            let current = self.objects.get(key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
            let mut new = (*current).clone();
            edit(&mut new)?;
            let asked_for = text(&new, "/metadata/resourceVersion") != text(&current, "/metadata/resourceVersion");
            match self.replace(key, new, part, dry).await {
                Err(refusal) if refusal.code == StatusCode::CONFLICT && !asked_for => {}
                done => return done,
            }
        }
        Err(Refusal::conflict(
            key.kind,
            &key.name,
            "the object has been modified; please apply your changes to the latest version and try again",
        ))
    }
}

fn replace_in_place(key: &Key, object: &mut Value, mut new: Value, part: &str) -> Result<(), Refusal> {
    schema::check(key.kind, &new)?;
    let version = text(&new, "/metadata/resourceVersion");
    if !version.is_empty() && version != text(object, "/metadata/resourceVersion") {
        return Err(Refusal::conflict(
            key.kind,
            &key.name,
            "the object has been modified; please apply your changes to the latest version and try again",
        ));
    }
    let uid = text(&new, "/metadata/uid");
    if !uid.is_empty() && uid != object::uid(object) {
        let why =
            format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", object::uid(object));
        return Err(Refusal::conflict(key.kind, &key.name, &why));
    }
    if part == "status" {
        object["status"] = new["status"].take();
        return Ok(());
    }
    if !new["metadata"].is_object() {
        new["metadata"] = json!({});
    }
    for kept in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
    ] {
        match object["metadata"].get(kept) {
            Some(value) => new["metadata"][kept] = value.clone(),
            None => {
                if let Some(metadata) = new["metadata"].as_object_mut() {
                    metadata.remove(kept);
                }
            }
        }
    }
    if let Some(metadata) = new["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    new["apiVersion"] = object["apiVersion"].clone();
    new["kind"] = object["kind"].clone();
    if key.kind.status {
        new["status"] = object["status"].clone();
    }
    if *key.kind == kind::SERVICE {
        for kept in ["clusterIP", "clusterIPs"] {
            if let Some(value) = object["spec"].get(kept) {
                default(&mut new, &["spec", kept], value.clone());
            }
        }
    }
    defaults::fill(key.kind, &mut new);
    rules::check(key.kind, &new, Some(object))?;
    if key.kind.status && new["spec"] != object["spec"] {
        let generation = object::number(object, "/metadata/generation").unwrap_or(0) + 1;
        set(&mut new, &["metadata", "generation"], json!(generation));
    }
    *object = new;
    Ok(())
}
