//! Inside a cluster: its API through the `kube` client, and pods that are real processes.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use azure_simulator::Clock;
use azure_simulator::kubernetes::pods::image;
use base64::Engine;
use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Namespace, Node, Pod, Service};
use kube::api::{DeleteParams, EvictParams, ListParams, LogParams, Patch, PatchParams, PostParams};
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
    client: Client,
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(aks::body()).await
    }

    pub async fn with(body: Value) -> Self {
        let visitor = Visitor::with(Clock::wall(600.0)).await;
        let program = env!("CARGO_BIN_EXE_azure-simulator").to_owned();
        image::write(visitor.folder.path(), &[(ECHO.to_owned(), program)]).unwrap();
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

    fn api<K>(&self) -> Api<K>
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

    async fn pods(&self) -> Vec<Value> {
        let all = self.api::<Pod>().list(&ListParams::default().labels("app=web")).await.unwrap();
        all.into_iter().map(|pod| serde_json::to_value(pod).unwrap()).collect()
    }

    /// GET on a pod's port through the API server.
    async fn through_proxy(&self, pod: &str, path: &str) -> Result<String, kube::Error> {
        let uri = format!("/api/v1/namespaces/default/pods/{pod}:8080/proxy{path}");
        self.client.request_text(http::Request::get(uri).body(Vec::new()).unwrap()).await
    }
}

/// A client with a token, as any program in this directory would make one.
async fn client(visitor: &Visitor, token: &str) -> Client {
    let user = visitor.arm(Method::POST, &format!("{CLUSTER}/listClusterUserCredential"), Value::Null).await;
    let text = base64::engine::general_purpose::STANDARD
        .decode(user.body["kubeconfigs"][0]["value"].as_str().unwrap())
        .unwrap();
    let kubeconfig: Value = serde_json::from_slice(&text).unwrap();
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
async fn within<R, F: Future<Output = Option<R>>>(seconds: u64, mut ask: impl FnMut() -> F) -> R {
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

#[tokio::test]
async fn a_stranger_is_refused_in_aks_own_words_until_a_role_is_assigned() {
    let shop = Shop::open().await;
    let token = shop.visitor.managed(SERVER).await;
    let portal = client(&shop.visitor, &token).await;
    let refused = Api::<Pod>::default_namespaced(portal.clone()).list(&ListParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert!(
        status
            .message
            .ends_with("User does not have access to the resource in Azure. Update role assignment to allow access."),
        "{}",
        status.message
    );
    assert!(portal.apiserver_version().await.is_ok(), "everybody who is known may ask for the version");
    let principal = azure_simulator::tokens::unverified(&token).unwrap()["oid"].as_str().unwrap().to_owned();
    shop.grant(&principal, CLUSTER_ADMIN).await;
    let pods = Api::<Pod>::default_namespaced(portal);
    within(10, || async { pods.list(&ListParams::default()).await.ok() }).await;

    let nobody = client(&shop.visitor, "not-a-token").await;
    let kube::Error::Api(status) = nobody.apiserver_version().await.unwrap_err() else { panic!() };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test]
async fn a_deployment_runs_real_programs_that_answer_through_service_and_proxy() {
    let shop = Shop::open().await;
    assert_eq!(Api::<Node>::all(shop.client.clone()).list(&ListParams::default()).await.unwrap().items.len(), 2);
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<Service>(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8099, "targetPort": "http"}]}}))
        .await;
    shop.rolled_out().await;
    let pods = shop.pods().await;
    let addresses: Vec<&str> = pods.iter().map(|pod| pod["status"]["podIP"].as_str().unwrap()).collect();
    assert_eq!(addresses.len(), 2);
    assert_ne!(addresses[0], addresses[1]);

    let address = within(10, || async {
        let service = serde_json::to_value(shop.api::<Service>().get("web").await.unwrap()).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().map(str::to_owned)
    })
    .await;
    assert!(address.starts_with("127.0.3."), "{address}");
    let direct = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut answered = BTreeMap::new();
    for _ in 0..4 {
        let name = direct.get(format!("http://{address}:8099/")).send().await.unwrap().text().await.unwrap();
        *answered.entry(name).or_insert(0) += 1;
    }
    assert_eq!(answered.len(), 2, "both pods take their turn: {answered:?}");

    let name = pods[0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(shop.through_proxy(name, "/env/COLOUR").await.unwrap(), "green");
    let log = shop.api::<Pod>().logs(name, &LogParams::default()).await.unwrap();
    assert!(log.starts_with("listening on 127."), "{log}");
    let events = shop.api::<Event>().list(&ListParams::default()).await.unwrap();
    let reasons: Vec<String> = events.into_iter().filter_map(|event| event.reason).collect();
    for reason in ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulled", "Started", "EnsuredLoadBalancer"] {
        assert!(reasons.iter().any(|it| it == reason), "{reason} in {reasons:?}");
    }
}

#[tokio::test]
async fn a_broken_image_stops_the_rollout_and_leaves_the_old_pods_alone() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let mut broken = web("shop.example/none:2");
    broken["spec"]["progressDeadlineSeconds"] = json!(2);
    shop.apply::<Deployment>(broken).await;
    let waiting = |pod: &Value| {
        let state = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        (state["reason"].as_str().unwrap_or("").to_owned(), state["message"].as_str().unwrap_or("").to_owned())
    };
    let message = within(20, || async {
        let pods = shop.pods().await;
        pods.iter().map(waiting).find(|(reason, _)| reason == "ImagePullBackOff").map(|(_, message)| message)
    })
    .await;
    assert!(message.contains("shop.example/none:2: not found"), "{message}");
    within(20, || async {
        let conditions = shop.deployment().await["status"]["conditions"].clone();
        let stuck = conditions.as_array().unwrap().iter().any(|it| it["reason"] == "ProgressDeadlineExceeded");
        stuck.then_some(())
    })
    .await;
    assert_eq!(shop.deployment().await["status"]["availableReplicas"], 2, "the old pods still serve");

    let mut mended = web(ECHO);
    mended["spec"]["template"]["metadata"]["annotations"] = json!({"turn": "2"});
    shop.apply::<Deployment>(mended).await;
    shop.rolled_out().await;
    let pods = within(10, || async { Some(shop.pods().await).filter(|pods| pods.len() == 2) }).await;
    assert!(pods.iter().all(|pod| pod["metadata"]["annotations"]["turn"] == "2"));
}

#[tokio::test]
async fn a_program_that_ends_is_started_again_and_then_waits_longer_and_longer() {
    let shop = Shop::open().await;
    let mut one = web(ECHO);
    one["spec"]["replicas"] = json!(1);
    shop.apply::<Deployment>(one).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let restarts = |pods: &[Value]| pods[0]["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap();
    for turn in 1..=2 {
        // The program ends before it can answer.
        let _ = shop.through_proxy(&name, "/exit/3").await;
        within(10, || async {
            let pods = shop.pods().await;
            let ready = pods[0]["status"]["containerStatuses"][0]["ready"] == true;
            (restarts(&pods) == turn && ready).then_some(())
        })
        .await;
    }
    let pods = shop.pods().await;
    let last = &pods[0]["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(3), Some("Error")));
    let parameters = LogParams { previous: true, ..LogParams::default() };
    let log = shop.api::<Pod>().logs(&name, &parameters).await.unwrap();
    assert!(log.contains("ending with 3"), "{log}");
    let events = shop.api::<Event>().list(&ListParams::default()).await.unwrap();
    assert!(events.into_iter().any(|event| event.reason.as_deref() == Some("BackOff")));
}

#[tokio::test]
async fn a_labelled_pod_signs_in_as_its_service_account() {
    let shop = Shop::open().await;
    let visitor = &shop.visitor;
    let issuer = shop.cluster["properties"]["oidcIssuerProfile"]["issuerURL"].clone();
    let identity = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";
    let made = visitor.arm(Method::PUT, identity, json!({"location": "westeurope"})).await;
    let client_id = made.body["properties"]["clientId"].as_str().unwrap().to_owned();
    let credential = json!({"properties": {"issuer": issuer, "subject": "system:serviceaccount:default:web",
        "audiences": ["api://AzureADTokenExchange"]}});
    visitor.arm(Method::PUT, &format!("{identity}/federatedIdentityCredentials/web"), credential).await;
    shop.apply::<k8s_openapi::api::core::v1::ServiceAccount>(json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "web", "annotations": {"azure.workload.identity/client-id": client_id}}}))
        .await;
    let mut labelled = web(ECHO);
    labelled["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] = json!("true");
    labelled["spec"]["template"]["spec"]["serviceAccountName"] = json!("web");
    shop.apply::<Deployment>(labelled).await;
    shop.rolled_out().await;

    let pods = shop.pods().await;
    let env = pods[0]["spec"]["containers"][0]["env"].as_array().unwrap();
    assert!(env.iter().any(|it| it["name"] == "AZURE_FEDERATED_TOKEN_FILE"), "{env:?}");
    let name = pods[0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(shop.through_proxy(name, "/env/AZURE_CLIENT_ID").await.unwrap(), client_id);
    let token = shop.through_proxy(name, "/file/AZURE_FEDERATED_TOKEN_FILE").await.unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", token.as_str()),
        ("scope", "https://vault.azure.net/.default"),
    ];
    let url = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", visitor.world().tenant);
    within(10, || async {
        let reply: Value = visitor.anybody().post(&url).form(&form).send().await.unwrap().json().await.unwrap();
        reply["access_token"].is_string().then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_pod_of_a_node_shares_its_identity_and_a_second_one_makes_the_question_ambiguous() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let proxy = shop.through_proxy(&name, "/env/HTTP_PROXY").await.unwrap();
    let ask = || async {
        let url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
        let reply = shop.visitor.client(&proxy).get(url).header("Metadata", "true").send().await.unwrap();
        (reply.status(), reply.json::<Value>().await.unwrap())
    };
    let (status, body) = ask().await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let token = azure_simulator::tokens::unverified(body["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(token["oid"], shop.cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"]);

    let mut changed = aks::body();
    changed["properties"]["addonProfiles"] = json!({"azurepolicy": {"enabled": true}});
    let asked = shop.visitor.arm(Method::PUT, CLUSTER, changed).await;
    aks::done(&shop.visitor, &asked).await;
    let (status, body) = ask().await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["error_description"],
        "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
    );
}

#[tokio::test]
async fn an_image_of_a_registry_is_pulled_only_by_who_may() {
    let shop = Shop::open().await;
    let program = env!("CARGO_BIN_EXE_azure-simulator").to_owned();
    let image = "images42.azurecr.io/team/web:1";
    image::write(shop.visitor.folder.path(), &[(image.to_owned(), program)]).unwrap();
    let registry = "/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/images42";
    let made =
        shop.visitor.arm(Method::PUT, registry, json!({"location": "westeurope", "sku": {"name": "Basic"}})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    shop.apply::<Deployment>(web(image)).await;
    let reason = within(10, || async {
        let pods = shop.pods().await;
        pods.first()?["status"]["containerStatuses"][0]["state"]["waiting"]["message"].as_str().map(str::to_owned)
    })
    .await;
    assert!(reason.contains("401 Unauthorized"), "{reason}");
    let kubelet = shop.cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"].as_str().unwrap();
    shop.grant_at(made.body["id"].as_str().unwrap(), kubelet, "7f951dda-4ed3-4680-a7ca-43fe172d538d").await;
    shop.rolled_out().await;
}

#[tokio::test]
async fn a_followed_log_and_a_watch_tell_what_happens_as_it_happens() {
    let shop = Shop::open().await;
    let mut one = web(ECHO);
    one["spec"]["replicas"] = json!(1);
    shop.apply::<Deployment>(one).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let follow = LogParams { follow: true, ..LogParams::default() };
    let mut lines = shop.api::<Pod>().log_stream(&name, &follow).await.unwrap().lines();
    assert!(lines.try_next().await.unwrap().unwrap().starts_with("listening"));

    let watched = shop.api::<Pod>();
    let parameters = kube::api::WatchParams::default().labels("app=web");
    let changes = watched.watch(&parameters, "0").await.unwrap();
    tokio::pin!(changes);
    let first = changes.try_next().await.unwrap().unwrap();
    assert!(matches!(first, kube::api::WatchEvent::Added(_)), "{first:?}");
    shop.api::<Deployment>().delete("web", &DeleteParams::default()).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        while let Some(change) = changes.try_next().await.unwrap() {
            if matches!(change, kube::api::WatchEvent::Deleted(_)) {
                return true;
            }
        }
        false
    });
    assert!(gone.await.unwrap());
    let rest = tokio::time::timeout(Duration::from_secs(10), lines.try_collect::<Vec<_>>()).await.unwrap().unwrap();
    assert!(rest.iter().any(|line| line == "told to end"), "{rest:?}");
}

#[tokio::test]
async fn a_budget_keeps_the_last_pod_from_being_evicted() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<k8s_openapi::api::policy::v1::PodDisruptionBudget>(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}))
        .await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let refused = shop.api::<Pod>().evict(&name, &EvictParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!(status.code, 429);
    assert_eq!(status.message, "Cannot evict pod as it would violate the pod's disruption budget.");
}

#[tokio::test]
async fn after_a_restart_the_pods_run_again_behind_the_same_address() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<Service>(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8098, "targetPort": 8080}]}}))
        .await;
    shop.rolled_out().await;
    let address = within(10, || async {
        let service = serde_json::to_value(shop.api::<Service>().get("web").await.unwrap()).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().map(str::to_owned)
    })
    .await;
    let Shop { visitor, .. } = shop;
    let visitor = visitor.again().await;
    let direct = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    within(15, || async {
        let answer = direct.get(format!("http://{address}:8098/")).send().await.ok()?.text().await.ok()?;
        answer.starts_with("web-").then_some(())
    })
    .await;
    visitor.simulator.stop().await;
    assert!(direct.get(format!("http://{address}:8098/")).send().await.is_err(), "an orderly stop ends everything");
}

#[tokio::test]
async fn objects_are_refused_as_kubernetes_refuses_them() {
    let shop = Shop::open().await;
    let code = |error: kube::Error| match error {
        kube::Error::Api(status) => (status.code, status.reason.clone()),
        other => panic!("{other}"),
    };
    let missing = shop.api::<Pod>().get("none").await.unwrap_err();
    assert_eq!(code(missing), (404, "NotFound".into()));
    let namespaces: Api<Namespace> = Api::all(shop.client.clone());
    let team: Namespace = serde_json::from_value(json!({"metadata": {"name": "team"}})).unwrap();
    namespaces.create(&PostParams::default(), &team).await.unwrap();
    assert_eq!(
        code(namespaces.create(&PostParams::default(), &team).await.unwrap_err()),
        (409, "AlreadyExists".into())
    );
    let mut wrong = web(ECHO);
    wrong["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let wrong: Deployment = serde_json::from_value(wrong).unwrap();
    assert_eq!(code(shop.api().create(&PostParams::default(), &wrong).await.unwrap_err()), (422, "Invalid".into()));
    let homeless: Api<Deployment> = Api::namespaced(shop.client.clone(), "nowhere");
    let fine: Deployment = serde_json::from_value(web(ECHO)).unwrap();
    assert_eq!(code(homeless.create(&PostParams::default(), &fine).await.unwrap_err()), (404, "NotFound".into()));
    let inside: Api<Deployment> = Api::namespaced(shop.client.clone(), "team");
    inside.create(&PostParams::default(), &fine).await.unwrap();
    namespaces.delete("team", &DeleteParams::default()).await.unwrap();
    within(20, || async { namespaces.get_opt("team").await.unwrap().is_none().then_some(()) }).await;
}

/// A simulator that is a program of its own, as the embedded default runs it.
struct Served {
    program: std::process::Child,
    folder: tempfile::TempDir,
    told: Value,
}

impl Served {
    fn start() -> Self {
        use std::io::BufRead;
        let folder = tempfile::tempdir().unwrap();
        let file = env!("CARGO_BIN_EXE_azure-simulator");
        let mut program = std::process::Command::new(file)
            .args(["serve", "--speed", "600", "--image", &format!("{ECHO}={file}"), "--state"])
            .arg(folder.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told = serde_json::from_str(line.strip_prefix("ready ").unwrap_or_else(|| panic!("{line}"))).unwrap();
        Self { program, folder, told }
    }

    /// The subscription's owner asks ARM.
    async fn arm(&self, method: Method, path: &str, body: Value) -> Value {
        let exports: Value =
            serde_json::from_slice(&std::fs::read(self.folder.path().join("exports.json")).unwrap()).unwrap();
        let text = |name: &str| exports[name].as_str().unwrap().to_owned();
        let authority = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .proxy(reqwest::Proxy::all(text("HTTPS_PROXY")).unwrap())
            .tls_certs_merge([reqwest::Certificate::from_pem(&authority).unwrap()])
            .build()
            .unwrap();
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", text("AZURE_CLIENT_ID")),
            ("client_secret", text("AZURE_CLIENT_SECRET")),
            ("scope", "https://management.azure.com/.default".to_owned()),
        ];
        let url = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", text("AZURE_TENANT_ID"));
        let token: Value = client.post(url).form(&form).send().await.unwrap().json().await.unwrap();
        let subscription = text("AZURE_SUBSCRIPTION_ID");
        let url = format!("https://management.azure.com/subscriptions/{subscription}{path}?api-version=2024-11-01");
        let mut request = client.request(method, url).bearer_auth(token["access_token"].as_str().unwrap());
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.unwrap().json().await.unwrap_or_default()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        if fields[1] == parent.to_string() && fields[0] != "Z" {
            found.push(id);
        }
    }
    found
}

#[tokio::test]
async fn when_the_simulator_is_killed_no_program_of_a_pod_is_left() {
    let mut served = Served::start();
    assert!(served.told.is_object());
    served.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    served.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let mut open = aks::body();
    open["properties"]["disableLocalAccounts"] = json!(false);
    within(20, || async {
        let answer = served.arm(Method::PUT, CLUSTER, open.clone()).await;
        answer["id"].is_string().then_some(())
    })
    .await;
    within(20, || async {
        let cluster = served.arm(Method::GET, CLUSTER, Value::Null).await;
        (cluster["properties"]["provisioningState"] == "Succeeded").then_some(())
    })
    .await;
    let admin = served.arm(Method::POST, &format!("{CLUSTER}/listClusterAdminCredential"), Value::Null).await;
    let decode = |text: &Value| base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap();
    let kubeconfig: Value = serde_json::from_slice(&decode(&admin["kubeconfigs"][0]["value"])).unwrap();
    let cluster = &kubeconfig["clusters"][0]["cluster"];
    let mut config = Config::new(cluster["server"].as_str().unwrap().parse().unwrap());
    let authority = decode(&cluster["certificate-authority-data"]);
    config.root_cert = Some(vec![rustls_pki_types::CertificateDer::from_pem(&authority)]);
    let exports: Value =
        serde_json::from_slice(&std::fs::read(served.folder.path().join("exports.json")).unwrap()).unwrap();
    config.proxy_url = Some(exports["HTTPS_PROXY"].as_str().unwrap().parse().unwrap());
    config.auth_info.token = Some(kubeconfig["users"][0]["user"]["token"].as_str().unwrap().to_owned().into());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let deployments: Api<Deployment> = Api::default_namespaced(Client::try_from(config).unwrap());
    deployments.patch("web", &PatchParams::apply("tests"), &Patch::Apply(&web(ECHO))).await.unwrap();
    within(20, || async {
        let status = deployments.get("web").await.unwrap().status.unwrap_or_default();
        (status.available_replicas == Some(2)).then_some(())
    })
    .await;
    let launchers = children(served.program.id());
    let programs: Vec<u32> = launchers.iter().flat_map(|id| children(*id)).collect();
    assert_eq!((launchers.len(), programs.len()), (2, 2));
    served.program.kill().unwrap();
    served.program.wait().unwrap();
    let all = [launchers, programs].concat();
    within(10, || async {
        let left = all.iter().any(|id| std::path::Path::new(&format!("/proc/{id}")).exists());
        (!left).then_some(())
    })
    .await;
}
