//! One simulated Azure with a vault of four secrets, a database to log into, and a machine for the web app.
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use azure_simulator::directory::{self, Principal};
use azure_simulator::machines::{self, Machine};
use azure_simulator::state::StateError;
use azure_simulator::{Options, Simulator, World};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Executor};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

pub const SECRETS: [&str; 4] = [
    "Webapp-DB-Server-Name",
    "Webapp-DB-Server-Database",
    "Webapp-DB-Server-Username",
    "Webapp-DB-Server-UserPassword",
];
const OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";
const USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const VAULT: &str = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-webapp";

pub struct Place {
    simulator: Simulator,
    folder: TempDir,
    /// The web app's own identity.
    pub identity: Principal,
    machine: Machine,
    /// The database's facts, and its password.
    pub fact: Value,
    pub password: String,
}

/// A running web app, ended with the test.
pub struct WebApp {
    child: Child,
    log: PathBuf,
    page: String,
    ready: String,
}

impl Place {
    /// Vault, secrets, role and machine stand; nothing runs yet.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let simulator = Simulator::start(Options::at_speed(folder.path(), 200.0)).await.unwrap();
        let world = simulator.world();
        let fact = world.facts.all()["database"].clone();
        let password = std::fs::read_to_string(fact["password_file"].as_str().unwrap()).unwrap();
        let identity = Principal::managed_identity("webapp", "/subscriptions/s/webapp", world.clock.now());
        let machine = Machine {
            name: "node-1".to_owned(),
            key: machines::new_key(),
            resource: None,
            identity: identities(&[&identity]),
        };
        let place = Self { identity, machine, fact, password, folder, simulator };
        let (identity, machine) = (place.identity.clone(), place.machine.clone());
        place
            .change(|draft| {
                directory::put(draft, &identity);
                machines::put(draft, &machine);
            })
            .await;
        place.make_vault().await;
        let values = place.values();
        for (name, value) in SECRETS.iter().zip(values) {
            place.write_secret(name, &value).await;
        }
        place
    }

    fn world(&self) -> &World {
        self.simulator.world()
    }

    async fn change(&self, change: impl FnOnce(&mut azure_simulator::state::Draft<'_>)) {
        let changed: Result<(), StateError> = self
            .world()
            .state
            .change(|draft| {
                change(draft);
                Ok(())
            })
            .await;
        changed.unwrap();
    }

    /// The values of the four secrets, in the order of [`SECRETS`].
    pub fn values(&self) -> [String; 4] {
        let text = |name: &str| self.fact[name].as_str().unwrap().to_owned();
        [text("server"), text("database"), text("username"), self.password.clone()]
    }

    async fn make_vault(&self) {
        let arm = |method, path: String, body| self.arm(method, path, body);
        arm(Method::PUT, "/resourceGroups/rg".to_owned(), json!({"location": "westeurope"})).await;
        let properties = json!({"tenantId": self.world().tenant, "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": true, "softDeleteRetentionInDays": 7});
        arm(Method::PUT, VAULT.to_owned(), json!({"location": "westeurope", "properties": properties})).await;
        eventually("the vault stands", || async {
            let found = arm(Method::GET, VAULT.to_owned(), Value::Null).await.1;
            (found["properties"]["provisioningState"] == "Succeeded").then_some(())
        })
        .await;
        let owner = azure_simulator::seed::id_of("service-principal/owner");
        for (role, principal) in [(OFFICER, owner), (USER, self.identity.object_id)] {
            let path = format!("{VAULT}/providers/Microsoft.Authorization/roleAssignments/{}", Uuid::new_v4());
            let definition =
                format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", self.world().subscription_id());
            let properties =
                json!({"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"});
            let (status, body) = arm(Method::PUT, path, json!({"properties": properties})).await;
            assert_eq!(status, StatusCode::CREATED, "{body}");
        }
    }

    async fn arm(&self, method: Method, path: String, body: Value) -> (StatusCode, Value) {
        let url =
            format!("https://management.azure.com{}{path}?api-version=2024-11-01", self.world().subscription_id());
        self.send("https://management.azure.com", method, url, body).await
    }

    /// Writes a new version; tries again while the role is not honoured yet.
    pub async fn write_secret(&self, name: &str, value: &str) {
        eventually("the secret is written", || async {
            let url = format!("https://kv-webapp.vault.azure.net/secrets/{name}?api-version=7.4");
            let (status, body) = self.send("https://vault.azure.net", Method::PUT, url, json!({"value": value})).await;
            assert!(status.is_success() || status == StatusCode::FORBIDDEN, "{status} {body}");
            status.is_success().then_some(())
        })
        .await;
    }

    /// Asks as the owner of the subscription.
    async fn send(&self, audience: &str, method: Method, url: String, body: Value) -> (StatusCode, Value) {
        let exports = azure_simulator::folder::exports(self.world());
        let client = self.client(&format!("http://localhost:{}", self.world().door_port));
        let scope = format!("{audience}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", exports["AZURE_CLIENT_ID"].as_str().unwrap()),
            ("client_secret", exports["AZURE_CLIENT_SECRET"].as_str().unwrap()),
            ("scope", &scope),
        ];
        let url_of_token = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", self.world().tenant);
        let token: Value = client.post(url_of_token).form(&form).send().await.unwrap().json().await.unwrap();
        let mut request = client.request(method, url).bearer_auth(token["access_token"].as_str().unwrap());
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply = request.send().await.unwrap();
        let status = reply.status();
        (status, serde_json::from_str(&reply.text().await.unwrap()).unwrap_or_default())
    }

    fn client(&self, proxy: &str) -> Client {
        let ca = std::fs::read(self.folder.path().join("ca.pem")).unwrap();
        Client::builder()
            .no_proxy()
            .proxy(reqwest::Proxy::all(proxy).unwrap())
            .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
            .build()
            .unwrap()
    }

    /// Changes the application's password in the database, as its administrator does.
    pub async fn alter_password(&self, password: &str) {
        let (host, port) = self.fact["server"].as_str().unwrap().rsplit_once(':').unwrap();
        let file = PathBuf::from(self.fact["password_file"].as_str().unwrap()).with_file_name("server_admin.password");
        let mut connection = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(port.parse().unwrap())
            .username("server_admin")
            .password(&std::fs::read_to_string(file).unwrap())
            .database("postgres")
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(self.folder.path().join("ca.pem"))
            .connect()
            .await
            .unwrap();
        let statement = format!("alter role {} password '{password}'", self.fact["username"].as_str().unwrap());
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statement))).await.unwrap();
    }

    /// Puts a second identity on the machine, as an add-on does.
    pub async fn add_identity_to_machine(&self) {
        let other = Principal::managed_identity("omsagent-aks", "/subscriptions/s/omsagent", self.world().clock.now());
        let machine = Machine { identity: identities(&[&self.identity, &other]), ..self.machine.clone() };
        self.change(|draft| {
            directory::put(draft, &other);
            machines::put(draft, &machine);
        })
        .await;
    }

    /// Takes every identity from the machine.
    pub async fn take_identities_from_machine(&self) {
        let machine = Machine { identity: Value::Null, ..self.machine.clone() };
        self.change(|draft| machines::put(draft, &machine)).await;
    }

    /// Starts the program with the variables of a pod and nothing else.
    pub async fn start(&self) -> WebApp {
        let log = self.folder.path().join("webapp.log");
        let file = std::fs::File::create(&log).unwrap();
        let (port, ready_port) = (free_port(), free_port());
        let proxy = self.world().proxy_address(&self.machine.name, &self.machine.key);
        let child = Command::new(env!("CARGO_BIN_EXE_webapp"))
            .env_clear()
            .env("KEY_VAULT_NAME", "kv-webapp")
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("READY_PORT", ready_port.to_string())
            .env("REFRESH_SECONDS", "1")
            .env("HTTPS_PROXY", &proxy)
            .env("HTTP_PROXY", &proxy)
            .env("SSL_CERT_FILE", self.folder.path().join("ca-bundle.pem"))
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        WebApp { child, log, page: format!("http://127.0.0.1:{port}"), ready: format!("http://127.0.0.1:{ready_port}") }
    }
}

impl WebApp {
    /// The page's status and text, once somebody answers.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        self.get(format!("{}{path}", self.page)).await
    }

    /// Status and report of `/readyz`, with `?fresh` where everything is to be proved.
    pub async fn readyz(&self, query: &str) -> (StatusCode, Value) {
        let (status, text) = self.get(format!("{}/readyz{query}", self.ready)).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    /// The report, once it says what `wanted` looks for.
    pub async fn report(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || async {
            let report = self.readyz("").await.1;
            wanted(&report).then_some(report)
        })
        .await
    }

    async fn get(&self, url: String) -> (StatusCode, String) {
        let client = Client::builder().no_proxy().build().unwrap();
        eventually("the web app answers", || async {
            let reply = client.get(&url).send().await.ok()?;
            let status = reply.status();
            Some((status, reply.text().await.ok()?))
        })
        .await
    }

    /// Asks it to end, and gives everything that it has written.
    pub async fn stop(mut self) -> String {
        let ended = Command::new("kill").arg(self.child.id().unwrap().to_string()).status().await.unwrap();
        assert!(ended.success());
        let status = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
        std::fs::read_to_string(&self.log).unwrap()
    }
}

fn identities(all: &[&Principal]) -> Value {
    let each = all.iter().map(|one| {
        let id = format!("/subscriptions/s/userAssignedIdentities/{}", one.name);
        (id, json!({"principalId": one.object_id, "clientId": one.app_id}))
    });
    json!({"type": "UserAssigned", "userAssignedIdentities": each.collect::<serde_json::Map<_, _>>()})
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks until the answer is there.
pub async fn eventually<R, F: Future<Output = Option<R>>>(what: &str, mut ask: impl FnMut() -> F) -> R {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(30) {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen within 30 seconds: {what}");
}
