//! Applies, reads and deletes objects of any kind as plain documents.
use super::refused;
use crate::error::{Error, Kind};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, TypeMeta},
};
use serde_json::Value;

/// What names an object: `Reference::new("apps/v1", "Deployment", Some("shop"), "web")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub api_version: String,
    pub kind: String,
    /// `None` for what belongs to the whole cluster.
    pub namespace: Option<String>,
    pub name: String,
}

impl Reference {
    pub fn new(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// What this document names.
    pub fn of(document: &Value) -> Option<Self> {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        Some(Self::new(text("/apiVersion")?, text("/kind")?, text("/metadata/namespace"), text("/metadata/name")?))
    }

    fn api(&self, client: &Client) -> Api<DynamicObject> {
        api(client, &self.api_version, &self.kind, self.namespace.as_deref())
    }

    fn path(&self) -> String {
        let namespace = self.namespace.as_deref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} {namespace}{}", self.kind, self.name)
    }
}

fn api(client: &Client, api_version: &str, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
    let meta = TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() };
    let kind = GroupVersionKind::try_from(&meta).unwrap_or_else(|_| GroupVersionKind::gvk("", api_version, kind));
    let resource = ApiResource::from_gvk(&kind);
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

fn document(method: &str, place: &str, object: &DynamicObject) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|error| Error::rejected(method, place, "NotUnderstood", error.to_string()))
}

/// Brings an object about as this document says (server-side apply, taking over fields that others own), and returns
/// it as it is now. The same document twice changes nothing.
pub async fn apply(client: &Client, wanted: &Value, field_manager: &str) -> Result<Value, Error> {
    let Some(reference) = Reference::of(wanted) else {
        let message = "the document names no apiVersion, kind or metadata.name";
        return Err(Error::rejected("PATCH", "kubernetes", "BadDocument", message));
    };
    let parameters = PatchParams::apply(field_manager).force();
    let applied = reference.api(client).patch(&reference.name, &parameters, &Patch::Apply(wanted)).await;
    let applied = applied.map_err(|error| refused("PATCH", &reference.path(), error))?;
    document("PATCH", &reference.path(), &applied)
}

/// The object as it is; `None` where there is none.
pub async fn get(client: &Client, reference: &Reference) -> Result<Option<Value>, Error> {
    match reference.api(client).get(&reference.name).await {
        Ok(object) => document("GET", &reference.path(), &object).map(Some),
        Err(error) => match refused("GET", &reference.path(), error) {
            error if error.kind() == Kind::NotFound => Ok(None),
            error => Err(error),
        },
    }
}

/// Deletes an object and what it owns; one that is gone already is deleted. It is gone when [`get`] finds none.
pub async fn delete(client: &Client, reference: &Reference) -> Result<(), Error> {
    match reference.api(client).delete(&reference.name, &DeleteParams::background()).await {
        Ok(_) => Ok(()),
        Err(error) => match refused("DELETE", &reference.path(), error) {
            error if error.kind() == Kind::NotFound => Ok(()),
            error => Err(error),
        },
    }
}

/// The objects of a kind in a namespace (or in all), where the labels are as the selector says (`app=web`).
pub async fn list(
    client: &Client,
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    labels: Option<&str>,
) -> Result<Vec<Value>, Error> {
    let parameters = labels.map(|labels| ListParams::default().labels(labels)).unwrap_or_default();
    let place = format!("{kind} {}", namespace.unwrap_or("of all namespaces"));
    let found = api(client, api_version, kind, namespace).list(&parameters).await;
    let found = found.map_err(|error| refused("GET", &place, error))?;
    found.items.iter().map(|object| document("GET", &place, object)).collect()
}
