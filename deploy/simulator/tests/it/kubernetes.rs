//! Inside a cluster: its API through the `kube` client, and pods that are real processes.
mod access;
mod killed;
mod kubectl;
mod objects;
mod rights;
mod validation;
mod watches;
mod workloads;

use std::time::{Duration, Instant};

use azure_simulator::Clock;
use azure_simulator::kubernetes::pods::image;
use base64::Engine;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, Config};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::visitor::Visitor;

const SERVER: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
const CLUSTER_ADMIN: &str = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b";
pub const ECHO: &str = "echo:1";

/// A world with one cluster, whose owner may do everything in it.
pub struct Shop {
    pub visitor: Visitor,
    pub cluster: Value,
    pub client: Client,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(aks::body()).await
    }

    pub async fn with(body: Value) -> Self {
        let visitor = Visitor::with(Clock::wall(600.0)).await;
        let program = env!("CARGO_BIN_EXE_azure-simulator").to_owned();
        image::write(visitor.folder.path(), [(ECHO.to_owned(), program)]).unwrap();
        let cluster = aks::make(&visitor, body).await;
        let client = client(&visitor, &visitor.owner(SERVER).await).await;
        let shop = Self { visitor, cluster, client };
        shop.grant(&shop.owner_id().await, CLUSTER_ADMIN).await;
        let namespaces: Api<Namespace> = Api::all(shop.client.clone());
        within(10, || async { namespaces.list(&ListParams::default()).await.ok() }).await;
        shop
    }

    async fn owner_id(&self) -> String {
        let token = self.visitor.owner(SERVER).await;
        azure_simulator::tokens::unverified(&token).unwrap()["oid"].as_str().unwrap().to_owned()
    }

    async fn grant(&self, principal: &str, role: &str) {
        let scope = self.cluster["id"].as_str().unwrap();
        self.grant_at(scope, principal, role).await;
    }

    async fn grant_at(&self, scope: &str, principal: &str, role: &str) {
        let name = uuid::Uuid::new_v4();
        let definition =
            format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", self.visitor.subscription());
        let body = json!({"properties": {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}});
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
        let made = self.visitor.arm(Method::PUT, &path, body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        <K as kube::Resource>::DynamicType: Default,
    {
        Api::default_namespaced(self.client.clone())
    }

    pub async fn apply<K>(&self, object: Value) -> K
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::de::DeserializeOwned,
        <K as kube::Resource>::DynamicType: Default,
    {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let parameters = PatchParams::apply("tests").force();
        self.api::<K>().patch(&name, &parameters, &Patch::Apply(&object)).await.unwrap()
    }

    async fn deployment(&self) -> Value {
        serde_json::to_value(self.api::<Deployment>().get("web").await.unwrap()).unwrap()
    }

    /// Waits until the rollout is through: what `kubectl rollout status` waits for.
    pub async fn rolled_out(&self) {
        within(30, || async {
            let it = self.deployment().await;
            let (spec, status) = (&it["spec"], &it["status"]);
            let wanted = spec["replicas"].as_i64();
            let through = status["observedGeneration"] == it["metadata"]["generation"]
                && status["updatedReplicas"].as_i64() == wanted
                && status["replicas"].as_i64() == wanted
                && status["availableReplicas"].as_i64() == wanted;
            through.then_some(())
        })
        .await;
    }

    pub async fn pods(&self) -> Vec<Value> {
        let all = self.api::<Pod>().list(&ListParams::default().labels("app=web")).await.unwrap();
        all.into_iter().map(|pod| serde_json::to_value(pod).unwrap()).collect()
    }

    /// GET on a pod's port through the API server.
    async fn through_proxy(&self, pod: &str, path: &str) -> Result<String, kube::Error> {
        let uri = format!("/api/v1/namespaces/default/pods/{pod}:8080/proxy{path}");
        self.client.request_text(http::Request::get(uri).body(Vec::new()).unwrap()).await
    }
}

/// The kubeconfig that an action of the cluster gives out.
pub async fn kubeconfig(visitor: &Visitor, action: &str) -> Value {
    let told = visitor.arm(Method::POST, &format!("{CLUSTER}/{action}"), Value::Null).await;
    let text = told.body["kubeconfigs"][0]["value"].as_str().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
}

/// A client of an API server that is reached through the front door and has this authority.
pub fn behind_the_door(visitor: &Visitor, authority: &[u8]) -> reqwest::ClientBuilder {
    let door = format!("http://localhost:{}", visitor.world().door_port);
    let authority = reqwest::Certificate::from_pem(authority).unwrap();
    reqwest::Client::builder().proxy(reqwest::Proxy::all(door).unwrap()).tls_certs_only([authority])
}

/// A client with a token, as any program in this directory would make one.
async fn client(visitor: &Visitor, token: &str) -> Client {
    let kubeconfig = kubeconfig(visitor, "listClusterUserCredential").await;
    assert_eq!(kubeconfig["users"][0]["user"]["exec"]["command"], "kubelogin");
    let cluster = &kubeconfig["clusters"][0]["cluster"];
    let authority = base64::engine::general_purpose::STANDARD
        .decode(cluster["certificate-authority-data"].as_str().unwrap())
        .unwrap();
    let authority = rustls_pki_types::CertificateDer::from_pem(&authority);
    let mut config = Config::new(cluster["server"].as_str().unwrap().parse().unwrap());
    config.root_cert = Some(vec![authority]);
    config.proxy_url = Some(format!("http://localhost:{}", visitor.world().door_port).parse().unwrap());
    config.auth_info.token = Some(token.to_owned().into());
    // What is refused is refused: a test does not wait for a second opinion.
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

trait FromPem {
    fn from_pem(pem: &[u8]) -> Vec<u8>;
}

impl FromPem for rustls_pki_types::CertificateDer<'_> {
    fn from_pem(pem: &[u8]) -> Vec<u8> {
        use rustls_pki_types::pem::PemObject;
        rustls_pki_types::CertificateDer::from_pem_slice(pem).unwrap().to_vec()
    }
}

/// Asks until the answer is there, for what real processes bring about.
pub async fn within<R, F: Future<Output = Option<R>>>(seconds: u64, mut ask: impl FnMut() -> F) -> R {
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within {seconds} seconds");
}

pub fn web(image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
            "terminationGracePeriodSeconds": 2,
            "containers": [{
                "name": "web", "image": image, "args": ["echo"],
                "ports": [{"name": "http", "containerPort": 8080}],
                "env": [
                    {"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                    {"name": "COLOUR", "value": "green"}],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}}}]}}}})
}
