//! A simulator that is killed: nothing of its pods is left.
use base64::Engine;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Config};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ECHO, FromPem, web, within};
use crate::aks::{self, CLUSTER};

/// A simulator that is a program of its own, as the embedded default runs it.
struct Served {
    program: std::process::Child,
    folder: tempfile::TempDir,
    told: Value,
}

impl Served {
    fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    fn start_in(folder: tempfile::TempDir) -> Self {
        use std::io::BufRead;
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

    /// The same state under a new process, after this one was killed.
    fn killed_and_started(mut self) -> Self {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::start_in(folder)
    }

    /// A cluster with a local account, once it is there.
    async fn cluster(&self) {
        self.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
        self.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
        let mut open = aks::body();
        open["properties"]["disableLocalAccounts"] = json!(false);
        within(20, || async {
            let answer = self.arm(Method::PUT, CLUSTER, open.clone()).await;
            answer["id"].is_string().then_some(())
        })
        .await;
        self.succeeded().await;
    }

    async fn succeeded(&self) {
        within(30, || async {
            let cluster = self.arm(Method::GET, CLUSTER, Value::Null).await;
            (cluster["properties"]["provisioningState"] == "Succeeded").then_some(())
        })
        .await;
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
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut served = Served::start();
    assert!(served.told.is_object());
    served.cluster().await;
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

#[tokio::test]
async fn an_upgrade_outlives_the_simulator() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let served = Served::start();
    served.cluster().await;
    let control = reqwest::Client::builder().no_proxy().build().unwrap();
    let images = format!("{}/images", served.told["control"].as_str().unwrap());
    control.post(images).json(&json!({"version": "209901.01.0"})).send().await.unwrap();
    served.arm(Method::POST, &format!("{CLUSTER}/agentPools/system/upgradeNodeImageVersion"), Value::Null).await;
    let machines = async |served: &Served| {
        let sets = "/resourceGroups/MC_rg_shop_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets";
        served.arm(Method::GET, sets, Value::Null).await["value"][0]["sku"]["capacity"].clone()
    };
    within(20, || async { (machines(&served).await == 3).then_some(()) }).await;
    let served = served.killed_and_started();
    served.succeeded().await;
    assert_eq!(machines(&served).await, 2, "all nodes are replaced, and the one beside them is gone");
    let pool = served.arm(Method::GET, &format!("{CLUSTER}/agentPools/system"), Value::Null).await;
    assert!(pool["properties"]["nodeImageVersion"].as_str().unwrap().ends_with("209901.01.0"));
}
