//! Builds the requests to Azure Resource Manager without any IO.
use crate::{
    api,
    error::Error,
    id::{ResourceId, kind_of_path},
};
use http::Method;
use serde_json::Value;
use url::Url;

/// A request, complete but for the host and the token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    /// Write only where the resource still has this `eTag`.
    pub(crate) if_match: Option<String>,
}

impl Request {
    pub(crate) fn get(id: &ResourceId) -> Result<Self, Error> {
        Self::new(Method::GET, id.as_str(), &id.kind())
    }

    pub(crate) fn put(id: &ResourceId, body: &Value) -> Result<Self, Error> {
        Ok(Self::new(Method::PUT, id.as_str(), &id.kind())?.with_body(body))
    }

    pub(crate) fn patch(id: &ResourceId, body: &Value) -> Result<Self, Error> {
        Ok(Self::new(Method::PATCH, id.as_str(), &id.kind())?.with_body(body))
    }

    pub(crate) fn delete(id: &ResourceId) -> Result<Self, Error> {
        Self::new(Method::DELETE, id.as_str(), &id.kind())
    }

    /// An action on a resource, or on a provider of the subscription (`checkNameAvailability`).
    pub(crate) fn post(path: &str, action: &str, body: &Value) -> Result<Self, Error> {
        let whole = format!("{}/{action}", path.trim_end_matches('/'));
        // `register` belongs to the subscription's list of providers, not to the provider that it registers.
        let kind = match action {
            "register" | "unregister" => kind_of_path(path),
            _ => kind_of_path(&whole),
        };
        let request = Self::new(Method::POST, &whole, &kind)?;
        Ok(if body.is_null() { request } else { request.with_body(body) })
    }

    /// A GET of whatever a path names.
    pub(crate) fn at(path: &str) -> Result<Self, Error> {
        Self::new(Method::GET, path, &kind_of_path(path))
    }

    pub(crate) fn list(path: &str, filter: Option<&str>) -> Result<Self, Error> {
        let mut request = Self::at(path)?;
        request.query.extend(filter.map(|filter| ("$filter", filter.to_owned())));
        Ok(request)
    }

    fn new(method: Method, path: &str, kind: &str) -> Result<Self, Error> {
        let version = api::version(kind).ok_or_else(|| {
            let message =
                format!("no api-version is known for the resource type {kind}; add it to the table in api.rs");
            Error::rejected(method.as_str(), path, "NoApiVersion", message)
        })?;
        Ok(Self {
            method,
            path: path.trim_end_matches('/').to_owned(),
            query: vec![("api-version", version.to_owned())],
            body: None,
            if_match: None,
        })
    }

    fn with_body(mut self, body: &Value) -> Self {
        self.body = Some(body.clone());
        self
    }

    /// The whole address, each segment of the path encoded by itself.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(self.path.split('/').filter(|segment| !segment.is_empty()));
        }
        url.query_pairs_mut().extend_pairs(&self.query);
        url
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn address(request: &Request) -> String {
        let url = request.url(&Url::parse("https://management.azure.com").unwrap());
        format!("{} {}?{}", request.method, url.path(), url.query().unwrap_or_default())
    }

    fn group() -> ResourceId {
        ResourceId::resource_group("s-1", "rg-shop")
    }

    #[test]
    fn a_resource_is_read_written_and_deleted_at_its_id_with_the_version_of_its_provider() {
        let vault = group().child("Microsoft.KeyVault/vaults", "kv-shop");
        let at = "/subscriptions/s-1/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv-shop?api-version=2026-02-01";
        let body = json!({"location": "westeurope"});
        let put = Request::put(&vault, &body).unwrap();
        assert_eq!(address(&Request::get(&vault).unwrap()), format!("GET {at}"));
        assert_eq!(address(&put), format!("PUT {at}"));
        assert_eq!(address(&Request::patch(&vault, &body).unwrap()), format!("PATCH {at}"));
        assert_eq!(address(&Request::delete(&vault).unwrap()), format!("DELETE {at}"));
        assert_eq!(put.body, Some(body));
    }

    #[test]
    fn a_role_assignment_is_written_below_its_scope() {
        let role =
            group().child("Microsoft.KeyVault/vaults", "kv").child("Microsoft.Authorization/roleAssignments", "g-1");
        assert_eq!(
            address(&Request::put(&role, &json!({})).unwrap()),
            "PUT /subscriptions/s-1/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv\
             /providers/Microsoft.Authorization/roleAssignments/g-1?api-version=2022-04-01"
        );
    }

    #[test]
    fn actions_are_posted_and_a_registration_speaks_the_version_of_the_subscription() {
        let cluster = group().child("Microsoft.ContainerService/managedClusters", "aks");
        let credential = Request::post(cluster.as_str(), "listClusterUserCredential", &Value::Null).unwrap();
        assert!(
            address(&credential).ends_with("/managedClusters/aks/listClusterUserCredential?api-version=2026-05-01")
        );
        assert_eq!(credential.body, None);

        let provider = ResourceId::provider("s-1", "Microsoft.KeyVault");
        let check = Request::post(provider.as_str(), "checkNameAvailability", &json!({"name": "kv"})).unwrap();
        assert_eq!(
            address(&check),
            "POST /subscriptions/s-1/providers/Microsoft.KeyVault/checkNameAvailability?api-version=2026-02-01"
        );
        let register = Request::post(provider.as_str(), "register", &Value::Null).unwrap();
        assert!(address(&register).ends_with("/providers/Microsoft.KeyVault/register?api-version=2022-12-01"));
    }

    #[test]
    fn a_filter_and_odd_names_are_encoded() {
        let list =
            Request::list("/subscriptions/s-1/resourceGroups", Some("tagName eq 'a' and tagValue eq 'b'")).unwrap();
        assert_eq!(
            address(&list),
            "GET /subscriptions/s-1/resourceGroups?api-version=2024-11-01&%24filter=tagName+eq+%27a%27+and+tagValue+eq+%27b%27"
        );
        let odd = Request::get(&ResourceId::resource_group("s-1", "rg (old)?")).unwrap();
        assert!(address(&odd).starts_with("GET /subscriptions/s-1/resourceGroups/rg%20(old)%3F?api"));
    }

    #[test]
    fn a_provider_that_nobody_entered_is_named_before_anything_is_sent() {
        let error = Request::get(&group().child("Microsoft.Nobody/things", "x")).unwrap_err();
        assert_eq!(error.code(), "NoApiVersion");
        assert!(error.message().contains("Microsoft.Nobody/things"));
    }
}
