//! The program as a person or the portal starts it: ready, killed, found again, stopped; and the launcher of its pods.
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_azure-simulator");

/// A program that does not outlive its test, however that ends.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(folder: &Path) -> (Program, String, Value) {
    serve_with(folder, &["--speed", "100"])
}

fn serve_with(folder: &Path, options: &[&str]) -> (Program, String, Value) {
    let mut child = Command::new(PROGRAM)
        .args(["serve", "--state"])
        .arg(folder)
        .args(options)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (word, told) = line.split_once(' ').unwrap();
    (Program(child), word.to_owned(), serde_json::from_str(told).unwrap())
}

fn portal(told: &Value) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = std::fs::read(told["azure"]["extra_ca"].as_str().unwrap()).unwrap();
    let proxy = told["azure"]["proxy"].as_str().unwrap();
    Client::builder()
        .no_proxy()
        .proxy(reqwest::Proxy::all(proxy).unwrap())
        .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
        .build()
        .unwrap()
}

async fn ask(told: &Value, method: reqwest::Method, path: &str, body: Value) -> (StatusCode, Value) {
    let client = portal(told);
    let token = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com";
    let token: Value = client.get(token).header("Metadata", "true").send().await.unwrap().json().await.unwrap();
    let subscription = told["azure"]["subscription_id"].as_str().unwrap();
    let url = format!("https://management.azure.com/subscriptions/{subscription}{path}?api-version=2026-02-01");
    let request = client.request(method, url).bearer_auth(token["access_token"].as_str().unwrap()).json(&body);
    let reply = request.send().await.unwrap();
    (reply.status(), reply.json().await.unwrap_or_default())
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn is_alive(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_it_stands_where_it_stood_and_goes_on() {
    let folder = TempDir::new().unwrap();
    let (mut first, word, told) = serve(folder.path());
    assert_eq!(word, "ready");
    ask(&told, reqwest::Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let vault = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one";
    let body = json!({"location": "westeurope", "properties": {
        "tenantId": told["azure"]["tenant_id"], "sku": {"family": "A", "name": "standard"},
    }});
    let (status, made) = ask(&told, reqwest::Method::PUT, vault, body).await;
    assert_eq!((status, &made["properties"]["provisioningState"]), (StatusCode::OK, &json!("RegisteringDns")));
    first.0.kill().unwrap();
    first.0.wait().unwrap();

    let (mut second, word, again) = serve(folder.path());
    assert_eq!((word.as_str(), &again["azure"], &again["sign_in"]), ("ready", &told["azure"], &told["sign_in"]));
    let begun = Instant::now();
    loop {
        let (status, found) = ask(&again, reqwest::Method::GET, vault, Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        if found["properties"]["provisioningState"] == "Succeeded" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{found}");
    }

    let (mut third, word, found) = serve(folder.path());
    assert_eq!((word.as_str(), &found), ("running", &again));
    assert!(third.0.wait().unwrap().success());
    assert!(Command::new(PROGRAM).args(["stop", "--state"]).arg(folder.path()).status().unwrap().success());
    assert!(second.0.wait().unwrap().success());
}

const CONFIG: &str = r#"
speed = 100
[images]
"echo:1" = "bin/echo"
[settings]
page_size = 7
[[faults]]
named = "vault-throttled"
times = 3
[[faults]]
method = "PUT"
path = "/resourceGroups/slow"
status = 503
code = "ServerBusy"
times = 2
"#;

async fn told_by(told: &Value, path: &str) -> Value {
    let url = format!("{}{path}", told["control"].as_str().unwrap());
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

async fn waiting(told: &Value) -> Vec<(String, u64)> {
    let faults = told_by(told, "/faults").await;
    let each = faults.as_array().unwrap().iter();
    each.map(|fault| (fault["code"].as_str().unwrap().to_owned(), fault["times"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_says_what_the_world_is_like_and_what_waits_outlives_the_process() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (folder, beside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = beside.path().join("simulator.toml");
    std::fs::write(&file, CONFIG).unwrap();
    let options = ["--config", file.to_str().unwrap()];
    let (mut first, _, told) = serve_with(folder.path(), &options);
    assert_eq!(told["speed"], 100.0);
    assert_eq!(told_by(&told, "/settings").await["page_size"], 7);
    let images = std::fs::read_to_string(folder.path().join("images.json")).unwrap();
    assert!(images.contains(beside.path().join("bin/echo").to_str().unwrap()), "{images}");
    let put = || ask(&told, reqwest::Method::PUT, "/resourceGroups/slow", json!({"location": "westeurope"}));
    let (status, refused) = put().await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (503, &json!("ServerBusy")));
    let left = |slow| vec![("Throttled".to_owned(), 3), ("ServerBusy".to_owned(), slow)];
    assert_eq!(waiting(&told).await, left(1));
    assert!(Command::new(PROGRAM).args(["stop", "--state"]).arg(folder.path()).status().unwrap().success());
    first.0.wait().unwrap();

    // Without the file what waited goes on; with it, it begins as the file says.
    let (mut second, _, told) = serve_with(folder.path(), &["--speed", "50"]);
    assert_eq!((&told["speed"], waiting(&told).await), (&json!(50.0), left(1)));
    assert_eq!(told_by(&told, "/settings").await["page_size"], 7);
    second.0.kill().unwrap();
    second.0.wait().unwrap();
    let (_third, _, told) = serve_with(folder.path(), &[options[0], options[1], "--speed", "20"]);
    assert_eq!((&told["speed"], waiting(&told).await), (&json!(20.0), left(2)));
}

#[test]
fn a_file_that_says_something_unknown_is_refused_before_anything_starts() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("simulator.toml");
    std::fs::write(&file, "[[faults]]\nnamed = \"no-such-fault\"\n").unwrap();
    let state = folder.path().join("state");
    let output =
        Command::new(PROGRAM).args(["serve", "--state"]).arg(&state).arg("--config").arg(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("simulator.toml") && said.contains("no-such-fault"), "{said}");
    assert!(!state.exists());
}

#[test]
fn the_exports_can_be_read_by_a_shell() {
    let folder = TempDir::new().unwrap();
    let (_child, _, told) = serve(folder.path());
    let script = format!(
        "eval \"$({PROGRAM} env --state {})\"; echo $HTTPS_PROXY $NO_PROXY $AZURE_TENANT_ID",
        folder.path().display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let port = told["control"].as_str().unwrap().rsplit(':').next().unwrap();
    let expected = format!("http://localhost:{port} 127.0.0.1 {}\n", told["azure"]["tenant_id"].as_str().unwrap());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn a_pod_ends_with_everything_it_started_when_the_lifeline_ends() {
    let mut pod = Command::new(PROGRAM)
        .args(["pod", "--grace-ms", "200", "--", "sh", "-c", "trap '' TERM; sleep 1000 & echo $$ $!; wait; sleep 1000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group_of_its_own()
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(pod.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ids: Vec<u32> = line.split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert!(ids.iter().all(|id| is_alive(*id)), "{line}");
    drop(pod.stdin.take());
    pod.wait().unwrap();
    wait_until("the pod's processes end", || !ids.iter().any(|id| is_alive(*id)));
}

#[test]
fn a_pods_exit_code_is_its_programs() {
    let mut pod = Command::new(PROGRAM)
        .args(["pod", "--", "sh", "-c", "exit 7"])
        .stdin(Stdio::piped())
        .process_group_of_its_own()
        .spawn()
        .unwrap();
    let lifeline = pod.stdin.take();
    assert_eq!(pod.wait().unwrap().code(), Some(7));
    drop(lifeline);
}

trait OwnGroup {
    fn process_group_of_its_own(&mut self) -> &mut Self;
}

impl OwnGroup for Command {
    fn process_group_of_its_own(&mut self) -> &mut Self {
        std::os::unix::process::CommandExt::process_group(self, 0)
    }
}
