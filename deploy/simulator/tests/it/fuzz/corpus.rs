//! Valid requests to every host of a world, from which malformed ones are made.
use azure_simulator::World;
use serde_json::{Value, json};

use super::management;
use crate::kubernetes::web;

/// A request that is taken on.
#[derive(Clone, Debug)]
pub struct Valid {
    pub method: &'static str,
    pub host: String,
    pub path: String,
    pub content_type: &'static str,
    pub body: Value,
}

impl Valid {
    /// The bytes of a body in this request's type.
    pub fn encode(&self, body: &Value) -> Vec<u8> {
        match (self.content_type, body) {
            (_, Value::Null) => Vec::new(),
            ("application/x-www-form-urlencoded", Value::Object(members)) => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let pairs = members.iter().map(|(name, value)| (name, text(value)));
                form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
            }
            _ => body.to_string().into_bytes(),
        }
    }
}

pub fn valid(host: &str, method: &'static str, path: impl Into<String>, body: Value) -> Valid {
    Valid { method, host: host.to_owned(), path: path.into(), content_type: "application/json", body }
}

/// Everything but the control routes.
pub fn azure(world: &World, cluster_host: &str) -> Vec<Valid> {
    let mut all = management::all(world);
    all.extend(vault());
    all.extend(kubernetes(cluster_host));
    all.extend(entra(world));
    all.push(valid(
        "api.loganalytics.io",
        "POST",
        format!("/v1/workspaces/{}/query", world.subscription),
        json!({"query": "KubePodInventory | where TimeGenerated > ago(1h) and Name startswith 'a' | summarize n = count(), arg_max(TimeGenerated, *) by bin(TimeGenerated, 5m), Name | project Name, n | order by n desc | take 5", "timespan": "PT1H"}),
    ));
    all.push(valid(
        "169.254.169.254",
        "GET",
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net",
        Value::Null,
    ));
    all
}

fn vault() -> Vec<Valid> {
    let attributes = json!({"enabled": true, "nbf": 1_700_000_000, "exp": 1_900_000_000});
    let set = json!({"value": "v", "contentType": "text/plain", "tags": {"a": "b"}, "attributes": attributes});
    let change = json!({"contentType": "text/plain", "tags": {"a": "b"}, "attributes": attributes});
    let backup = json!({"value": "eyJuYW1lIjoieCJ9"});
    let rows = [
        ("GET", "/secrets?maxresults=2", Value::Null),
        ("PUT", "/secrets/name", set.clone()),
        ("PUT", "/secrets/other", set),
        ("GET", "/secrets/name", Value::Null),
        ("GET", "/secrets/name/versions", Value::Null),
        ("PATCH", "/secrets/name", change),
        ("POST", "/secrets/name/backup", Value::Null),
        ("POST", "/secrets/restore", backup),
        ("DELETE", "/secrets/other", Value::Null),
        ("GET", "/deletedsecrets", Value::Null),
        ("POST", "/deletedsecrets/other/recover", Value::Null),
        ("DELETE", "/deletedsecrets/other", Value::Null),
    ];
    let sign = |path: &str| if path.contains('?') { "&" } else { "?" };
    let one = |(method, path, body)| {
        valid("kv-one.vault.azure.net", method, format!("{path}{}api-version=7.4", sign(path)), body)
    };
    rows.into_iter().map(one).collect()
}

fn kubernetes(host: &str) -> Vec<Valid> {
    let mut deployment = web("pause");
    deployment["spec"]["template"]["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "s"}},
        {"name": "p", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "a", "expirationSeconds": 3600}}]}}]);
    deployment["spec"]["strategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}});
    let named = |kind: &str, name: &str, more: Value| {
        let mut object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": {"app": "web"},
            "annotations": {"a": "b"}, "finalizers": [], "ownerReferences": [], "resourceVersion": ""}});
        for (key, value) in more.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object
    };
    let core = "/api/v1/namespaces/default";
    let apps = "/apis/apps/v1/namespaces/default";
    let objects = [
        (format!("{apps}/deployments/web"), deployment.clone()),
        (format!("{core}/configmaps/c"), named("ConfigMap", "c", json!({"data": {"a": "b"}}))),
        (
            format!("{core}/secrets/s"),
            named("Secret", "s", json!({"data": {"a": "Yg=="}, "stringData": {"c": "d"}, "type": "Opaque"})),
        ),
        (
            format!("{core}/services/web"),
            named(
                "Service",
                "web",
                json!({"spec": {"type": "LoadBalancer", "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}]}}),
            ),
        ),
        (format!("{core}/serviceaccounts/sa"), named("ServiceAccount", "sa", json!({"secrets": []}))),
        (format!("{core}/pods/alone"), named("Pod", "alone", json!({"spec": deployment["spec"]["template"]["spec"]}))),
        (
            format!("{core}/events/e"),
            named("Event", "e", json!({"involvedObject": {"kind": "Pod", "name": "alone"}, "reason": "r", "count": 1})),
        ),
        ("/api/v1/nodes/n".to_owned(), named("Node", "n", json!({"spec": {"unschedulable": true, "taints": []}}))),
        ("/api/v1/namespaces/team".to_owned(), named("Namespace", "team", json!({}))),
        (
            "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b".to_owned(),
            named(
                "PodDisruptionBudget",
                "b",
                json!({"apiVersion": "policy/v1", "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}}}),
            ),
        ),
    ];
    let rights = "/apis/rbac.authorization.k8s.io/v1";
    let rules = json!([{"verbs": ["get"], "apiGroups": ["", "apps"], "resources": ["pods", "pods/log"], "resourceNames": ["web"]}]);
    let binding = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "sa"}, {"kind": "User", "name": "ada"}]});
    let objects = objects.into_iter().chain([
        (format!("{rights}/namespaces/default/roles/r"), named("Role", "r", json!({"rules": rules}))),
        (
            format!("{rights}/clusterroles/c"),
            named("ClusterRole", "c", json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]})),
        ),
        (format!("{rights}/namespaces/default/rolebindings/b"), named("RoleBinding", "b", binding.clone())),
        (format!("{rights}/clusterrolebindings/b"), named("ClusterRoleBinding", "b", binding)),
    ]);
    let mut all = Vec::new();
    for (path, mut body) in objects {
        if path.starts_with(rights) {
            body["apiVersion"] = json!("rbac.authorization.k8s.io/v1");
        }
        let collection = path.rsplit_once('/').map_or("", |(collection, _)| collection).to_owned();
        all.push(valid(host, "POST", &collection, body.clone()));
        all.push(valid(host, "PUT", &path, body.clone()));
        all.push(valid(host, "GET", format!("{collection}?labelSelector=app%3Dweb"), Value::Null));
        all.push(valid(host, "GET", format!("{collection}?watch=true"), Value::Null));
        all.push(valid(
            host,
            "DELETE",
            &path,
            json!({"propagationPolicy": "Background", "gracePeriodSeconds": 0, "preconditions": {"uid": "x"}}),
        ));
        for content_type in
            ["application/apply-patch+yaml", "application/merge-patch+json", "application/strategic-merge-patch+json"]
        {
            let path = format!("{path}?fieldManager=fuzz&force=true");
            all.push(Valid { content_type, ..valid(host, "PATCH", path, body.clone()) });
        }
        let operations = json!([{"op": "test", "path": "/metadata/name", "value": "web"}, {"op": "add", "path": "/metadata/labels/x", "value": "y"},
            {"op": "move", "from": "/metadata/labels/x", "path": "/metadata/labels/z"}, {"op": "remove", "path": "/spec/template"},
            {"op": "replace", "path": "/spec/replicas", "value": 1}, {"op": "copy", "from": "/spec", "path": "/status"}]);
        all.push(Valid { content_type: "application/json-patch+json", ..valid(host, "PATCH", path, operations) });
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}}});
    for (method, path, body) in [
        ("GET", format!("{apps}/deployments/web/scale"), Value::Null),
        (
            "PUT",
            format!("{apps}/deployments/web/scale"),
            json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"}, "spec": {"replicas": 2}}),
        ),
        (
            "POST",
            format!("{core}/serviceaccounts/sa/token"),
            json!({"spec": {"audiences": ["a"], "expirationSeconds": 3600, "boundObjectRef": {"kind": "Pod", "name": "alone"}}}),
        ),
        (
            "POST",
            format!("{core}/pods/alone/eviction"),
            json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "alone"}, "deleteOptions": {"gracePeriodSeconds": 1}}),
        ),
        ("GET", format!("{core}/pods/alone/log?tailLines=3"), Value::Null),
        ("GET", format!("{core}/pods/alone:8080/proxy/readyz"), Value::Null),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews".to_owned(), review),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews".to_owned(), json!({})),
        ("GET", "/openapi/v3/apis/apps/v1".to_owned(), Value::Null),
        ("GET", "/apis/apps/v1".to_owned(), Value::Null),
        ("GET", "/version".to_owned(), Value::Null),
    ] {
        all.push(valid(host, method, path, body));
    }
    all
}

fn entra(world: &World) -> Vec<Valid> {
    let login = "login.microsoftonline.com";
    let form = |path: String, body: Value| Valid {
        content_type: "application/x-www-form-urlencoded",
        ..valid(login, "POST", path, body)
    };
    let exports = azure_simulator::folder::exports(world);
    let (tenant, client) = (world.tenant, &exports["AZURE_CLIENT_ID"]);
    let assertion = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL3gvIiwic3ViIjoieCIsImF1ZCI6Ingi fQ.eA";
    let secret = json!({"grant_type": "client_credentials", "client_id": client,
        "client_secret": exports["AZURE_CLIENT_SECRET"], "scope": "https://vault.azure.net/.default", "resource": "https://vault.azure.net"});
    let federated = json!({"grant_type": "client_credentials", "client_id": client, "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "scope": "https://vault.azure.net/.default"});
    let code = json!({"grant_type": "authorization_code", "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "code": "x",
        "redirect_uri": "http://localhost:1/", "code_verifier": "a".repeat(43), "client_info": "1"});
    let mut asked = json!({"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "redirect_uri": "http://localhost:1/",
        "response_type": "code", "response_mode": "form_post", "scope": "openid offline_access", "state": "s", "nonce": "n",
        "code_challenge": "a".repeat(43), "code_challenge_method": "S256", "prompt": "select_account"});
    let pairs = asked.as_object().into_iter().flatten().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    asked["account"] = json!("member@contoso.example");
    vec![
        valid(login, "GET", format!("/{tenant}/oauth2/v2.0/authorize?{query}"), Value::Null),
        form("/common/oauth2/v2.0/authorize".to_owned(), asked),
        form(format!("/{tenant}/oauth2/v2.0/token"), code),
        form(format!("/{tenant}/oauth2/v2.0/token"), secret.clone()),
        form(format!("/{tenant}/oauth2/token"), secret),
        form(format!("/{tenant}/oauth2/v2.0/token"), federated),
        valid(
            login,
            "GET",
            "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://x/",
            Value::Null,
        ),
        valid(login, "GET", format!("/{tenant}/v2.0/.well-known/openid-configuration"), Value::Null),
        valid(login, "GET", format!("/{tenant}/discovery/v2.0/keys"), Value::Null),
    ]
}

/// The control routes, without the one that ends everything.
pub fn control() -> Vec<Valid> {
    let cluster = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.X/y/z";
    [
        ("POST", "/advance", json!({"milliseconds": 1000})),
        ("PATCH", "/settings", json!({"rate_limits": true, "page_size": 1000, "subscription": "Enabled"})),
        ("POST", "/quotas", json!({"location": "westeurope", "family": "cores", "limit": 10})),
        ("POST", "/sizes", json!({"name": "Standard_D2s_v5", "location": "westeurope", "zones": ["1"], "reason": "NotAvailableForSubscription"})),
        ("DELETE", "/sizes", Value::Null),
        ("POST", "/versions", json!({"version": "1.34", "state": "supported"})),
        ("POST", "/changes", json!({"resource": cluster, "merge": {"properties": {"a": 1}}})),
        ("POST", "/faults", json!({"named": "vault-throttled", "times": 3, "path": "/x", "headers": {"a": "b"}, "status": 503, "retry_after": 1})),
        ("POST", "/faults", json!({"kind": "a/b", "verb": "create", "slower": {"what": "operation", "factor": 2.0, "ms": 1}})),
        ("POST", "/faults", json!({"fails": {"code": "a", "message": "{name}"}, "details": [{}], "text": "<p>{name}", "truncate": 1, "drop": "before"})),
        ("POST", "/faults/random", json!({"seed": 1, "rate": 0.1, "kinds": ["delay"], "hosts": ["*"], "machine": "portal"})),
        ("DELETE", "/faults/random", Value::Null),
        ("DELETE", "/faults", Value::Null),
        ("GET", "/", Value::Null),
        ("GET", "/world", Value::Null),
        ("GET", "/creations", Value::Null),
        ("GET", "/waits", Value::Null),
        ("GET", "/limits", Value::Null),
        ("GET", "/quotas", Value::Null),
        ("GET", "/faults/catalogue", Value::Null),
    ]
    .into_iter()
    .map(|(method, path, body)| valid("control.simulator", method, path, body))
    .collect()
}
