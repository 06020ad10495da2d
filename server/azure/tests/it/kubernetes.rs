//! A cluster's own API: found through Azure, entered with our token.
use crate::stage::{GROUP, Stage, ok};
use azure::{
    Azure, Config, Kind, ResourceId,
    kubernetes::{self, Reference},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{header_regex, method, path},
};

fn cluster() -> ResourceId {
    let group: ResourceId = GROUP.parse().unwrap();
    group.child("Microsoft.ContainerService/managedClusters", "aks")
}

fn authority() -> String {
    let key = KeyPair::generate().unwrap();
    CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem()
}

/// What AKS gives to a user: a server, its authority, and a plugin that nobody here runs.
fn kubeconfig(server: &str) -> Value {
    let yaml = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: aks\n\
         clusters:\n- name: other\n  cluster: {{server: 'https://other.example'}}\n\
         - name: aks\n  cluster: {{server: '{server}', certificate-authority-data: {}}}\n\
         contexts:\n- name: aks\n  context: {{cluster: aks, user: clusterUser}}\n\
         users:\n- name: clusterUser\n  user:\n    exec: {{apiVersion: client.authentication.k8s.io/v1beta1, command: /bin/false}}\n",
        STANDARD.encode(authority())
    );
    json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode(yaml)}]})
}

async fn stage() -> (Stage, Azure) {
    let stage = Stage::with_identity().await;
    let place = format!("{}/listClusterUserCredential", cluster());
    stage.answer("POST", &place, 1, ok(kubeconfig(&stage.wire.uri()))).await;
    // The machine's endpoint lies behind the wire, the cluster is reached directly.
    let config = Config { no_proxy: vec!["127.0.0.1".to_owned()], ..stage.config() };
    (stage, Azure::connect(config).unwrap())
}

fn status(code: u16, reason: &str, message: &str) -> ResponseTemplate {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code});
    ResponseTemplate::new(code).set_body_json(body)
}

#[tokio::test]
async fn an_object_of_any_kind_is_applied_with_our_own_token_and_read_back() {
    let (stage, azure) = stage().await;
    let wanted = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": 2}});
    let place = "/apis/apps/v1/namespaces/shop/deployments/web";
    Mock::given(method("PATCH"))
        .and(path(place))
        .and(header_regex("authorization", "^Bearer e30\\."))
        .and(header_regex("content-type", "apply-patch"))
        .respond_with(ok(wanted.clone()))
        .expect(1)
        .mount(&stage.wire)
        .await;
    let client = azure.kubernetes(cluster().as_str()).await.unwrap();
    let applied = kubernetes::apply(&client, &wanted, "keystead").await.unwrap();
    assert_eq!(applied["spec"], json!({"replicas": 2}));
    stage.answer("GET", place, 1, ok(wanted.clone())).await;
    let again = azure.kubernetes(&cluster().as_str().to_uppercase()).await.unwrap();
    let found = kubernetes::get(&again, &Reference::of(&wanted).unwrap()).await.unwrap().unwrap();
    assert_eq!((found["kind"].as_str(), found["spec"]["replicas"].as_i64()), (Some("Deployment"), Some(2)));
}

#[tokio::test]
async fn a_missing_role_is_told_in_the_clusters_own_words_and_a_missing_object_is_none() {
    let (stage, azure) = stage().await;
    let words = "User does not have access to the resource in Azure. Update role assignment to allow access.";
    stage.answer_once("GET", "/api/v1/namespaces/shop", status(403, "Forbidden", words)).await;
    let client = azure.kubernetes(cluster().as_str()).await.unwrap();
    let namespace = Reference::new("v1", "Namespace", None, "shop");
    let error = kubernetes::get(&client, &namespace).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.message()), (Kind::Denied, "Forbidden", words));
    stage.answer("GET", "/api/v1/namespaces/shop", 1, status(404, "NotFound", "namespaces \"shop\" not found")).await;
    assert_eq!(kubernetes::get(&client, &namespace).await.unwrap(), None);
    stage.answer("DELETE", "/api/v1/namespaces/shop", 1, status(404, "NotFound", "gone")).await;
    kubernetes::delete(&client, &namespace).await.unwrap();
}

#[tokio::test]
async fn pods_are_listed_by_label_and_asked_on_a_port() {
    let (stage, azure) = stage().await;
    let pods = json!({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [{"metadata": {"name": "web-1", "namespace": "shop"}}]});
    stage.answer("GET", "/api/v1/namespaces/shop/pods", 1, ok(pods)).await;
    let not_ready = ResponseTemplate::new(503).set_body_string(r#"{"login": "refused"}"#);
    let proxy = "/api/v1/namespaces/shop/pods/web-1:8081/proxy/readyz";
    stage.answer_once("GET", proxy, not_ready).await;
    let client = azure.kubernetes(cluster().as_str()).await.unwrap();
    let found = kubernetes::list(&client, "v1", "Pod", Some("shop"), Some("app=web")).await.unwrap();
    assert_eq!(found[0]["metadata"]["name"], "web-1");
    let answer = kubernetes::pod_get(&client, "shop", "web-1", 8081, "/readyz").await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (503, r#"{"login": "refused"}"#));
    // That nobody listens is said by the API server, not by the pod.
    stage
        .answer("GET", proxy, 1, status(503, "ServiceUnavailable", "error trying to reach service: connection refused"))
        .await;
    let error = kubernetes::pod_get(&client, "shop", "web-1", 8081, "/readyz").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().contains("connection refused"));
    stage
        .answer(
            "GET",
            "/api/v1/namespaces/shop/pods/web-1/log",
            1,
            ResponseTemplate::new(200).set_body_string("listening\n"),
        )
        .await;
    assert_eq!(kubernetes::pod_log(&client, "shop", "web-1", None, 20, false).await.unwrap(), "listening\n");
}

#[tokio::test]
async fn a_cluster_that_cannot_be_reached_is_looked_up_again() {
    let stage = Stage::with_identity().await;
    let place = format!("{}/listClusterUserCredential", cluster());
    stage.answer_once("POST", &place, ok(kubeconfig("http://127.0.0.1:9"))).await;
    let config = Config { no_proxy: vec!["127.0.0.1".to_owned()], ..stage.config() };
    let azure = Azure::connect(config).unwrap();
    let namespace = Reference::new("v1", "Namespace", None, "shop");
    let client = azure.kubernetes(cluster().as_str()).await.unwrap();
    assert_eq!(kubernetes::get(&client, &namespace).await.unwrap_err().kind(), Kind::Unreachable);
    // It was made anew at another address, under the same id.
    stage.answer("POST", &place, 1, ok(kubeconfig(&stage.wire.uri()))).await;
    stage
        .answer(
            "GET",
            "/api/v1/namespaces/shop",
            1,
            ok(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})),
        )
        .await;
    let client = azure.kubernetes(cluster().as_str()).await.unwrap();
    assert!(kubernetes::get(&client, &namespace).await.unwrap().is_some());
}
