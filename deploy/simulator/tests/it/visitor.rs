//! A visitor: one simulator of its own, and clients that know only a proxy address and a certificate authority.
use std::sync::OnceLock;
use std::time::Duration;

use azure_simulator::directory::{self, Principal, PrincipalKind};
use azure_simulator::state::StateError;
use azure_simulator::tokens::Tokens;
use azure_simulator::{Clock, Options, Simulator, World};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One key for all tests: making one takes a noticeable part of a second.
fn signing_key() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| Tokens::make_key().unwrap()).clone()
}

pub struct Visitor {
    pub simulator: Simulator,
    pub folder: TempDir,
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

pub fn options(folder: &TempDir, clock: Clock) -> Options {
    Options {
        clock,
        program: Some(env!("CARGO_BIN_EXE_azure-simulator").into()),
        signing_key: Some(signing_key()),
        ..Options::at_speed(folder.path(), 1.0)
    }
}

impl Visitor {
    /// A new world whose clock the test moves.
    pub async fn arrive() -> Self {
        Self::with(Clock::manual("2026-11-23T09:00:00Z".parse().unwrap())).await
    }

    pub async fn with(clock: Clock) -> Self {
        let folder = TempDir::new().unwrap();
        let simulator = Simulator::start(options(&folder, clock)).await.unwrap();
        Self { simulator, folder }
    }

    /// The same state under a new simulator.
    pub async fn again(self) -> Self {
        let clock = self.world().clock.clone();
        self.simulator.stop().await;
        let simulator = Simulator::start(options(&self.folder, clock)).await.unwrap();
        Self { simulator, folder: self.folder }
    }

    pub fn world(&self) -> &World {
        self.simulator.world()
    }

    pub fn advance(&self, seconds: u64) {
        self.world().clock.advance(Duration::from_secs(seconds));
    }

    pub fn subscription(&self) -> String {
        self.world().subscription_id()
    }

    /// A client behind a proxy address, as any program is given one.
    pub fn client(&self, proxy: &str) -> Client {
        let ca = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        Client::builder()
            .no_proxy()
            .proxy(reqwest::Proxy::all(proxy).unwrap())
            .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
    }

    /// A client without credentials of a machine.
    pub fn anybody(&self) -> Client {
        self.client(&format!("http://localhost:{}", self.world().door_port))
    }

    /// A client on the portal's machine.
    pub fn portal(&self) -> Client {
        self.client(self.simulator.ready()["azure"]["proxy"].as_str().unwrap())
    }

    /// A token of the service principal that owns the subscription.
    pub async fn owner(&self, audience: &str) -> String {
        let exports = azure_simulator::folder::exports(self.world());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", exports["AZURE_CLIENT_ID"].as_str().unwrap()),
            ("client_secret", exports["AZURE_CLIENT_SECRET"].as_str().unwrap()),
            ("scope", &format!("{audience}/.default")),
        ];
        let url = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", self.world().tenant);
        let reply = self.anybody().post(url).form(&form).send().await.unwrap();
        let body: Value = reply.json().await.unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// A token of the portal's managed identity.
    pub async fn managed(&self, audience: &str) -> String {
        let url =
            format!("http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource={audience}");
        let reply = self.portal().get(url).header("Metadata", "true").send().await.unwrap();
        let body: Value = reply.json().await.unwrap();
        body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// A service principal that nobody has given a role yet.
    pub async fn newcomer(&self) -> Principal {
        let mut fresh = Principal::new(PrincipalKind::ServicePrincipal, "fresh", self.world().clock.now());
        fresh.app_id = Some(uuid::Uuid::new_v4());
        let written = self.world().state.change(|draft| {
            directory::put(draft, &fresh);
            Ok::<_, StateError>(())
        });
        written.await.unwrap();
        fresh
    }

    /// Its token for ARM.
    pub fn token_of(&self, principal: &Principal) -> String {
        azure_simulator::entra::access_token(self.world(), principal, "https://management.azure.com").unwrap()
    }

    /// Gives it a role at a scope (`""` is the subscription), and waits until the role counts. `more` are further
    /// properties, for example a condition.
    pub async fn give(&self, principal: &Principal, role: &str, scope: &str, more: Value) -> Reply {
        let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", self.subscription());
        let mut properties = json!({"roleDefinitionId": role, "principalId": principal.object_id,
            "principalType": "ServicePrincipal"});
        properties.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", uuid::Uuid::new_v4());
        let reply = self.arm(Method::PUT, &path, json!({"properties": properties})).await;
        self.advance(30);
        reply
    }

    /// Asks ARM as the owner of the subscription; `path` may begin at the subscription.
    pub async fn arm(&self, method: Method, path: &str, body: Value) -> Reply {
        let token = self.owner("https://management.azure.com").await;
        self.ask(&token, method, path, body).await
    }

    /// The same with further headers.
    pub async fn arm_with(&self, method: Method, path: &str, body: Value, headers: &[(&'static str, &str)]) -> Reply {
        let token = self.owner("https://management.azure.com").await;
        self.send_with(&token, method, &self.address(path), body, headers).await
    }

    /// Asks ARM with a token.
    pub async fn ask(&self, token: &str, method: Method, path: &str, body: Value) -> Reply {
        self.send(token, method, &self.address(path), body).await
    }

    fn address(&self, path: &str) -> String {
        let path = match path.starts_with("/subscriptions") || path.starts_with("https://") {
            true => path.to_owned(),
            false => format!("{}{path}", self.subscription()),
        };
        let path = if path.starts_with("https://") { path } else { format!("https://management.azure.com{path}") };
        match (path.contains("api-version"), path.contains('?')) {
            (true, _) => path,
            (false, true) => format!("{path}&api-version=2024-11-01"),
            (false, false) => format!("{path}?api-version=2024-11-01"),
        }
    }

    /// Asks the simulator itself, through the proxy.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Reply {
        self.send("", method, &format!("http://control.simulator{path}"), body).await
    }

    /// Sends any request with a token.
    pub async fn send(&self, token: &str, method: Method, url: &str, body: Value) -> Reply {
        self.send_with(token, method, url, body, &[]).await
    }

    async fn send_with(
        &self,
        token: &str,
        method: Method,
        url: &str,
        body: Value,
        headers: &[(&'static str, &str)],
    ) -> Reply {
        let mut request = self.anybody().request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply = request.send().await.unwrap();
        let (status, headers) = (reply.status(), reply.headers().clone());
        let text = reply.text().await.unwrap();
        Reply { status, headers, body: serde_json::from_str(&text).unwrap_or(json!(text)) }
    }
}

/// Asks until the answer is there, for what a task in the background brings about.
pub async fn eventually<R, F: Future<Output = Option<R>>>(mut ask: impl FnMut() -> F) -> R {
    for _ in 0..2000 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not happen within ten seconds");
}
