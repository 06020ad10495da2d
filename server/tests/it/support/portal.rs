//! A whole portal in this process: service, router and sessions over a story's database, with the simulator as its Azure.

use super::bed::Bed;
use super::browser::Browser;
use app::portal::{Requests, Submission};
use azure_simulator::{Options, Simulator};
use domain::Moment;
use domain::account::{Account, AccountId, Caller, Role};
use domain::form::Form;
use domain::id::RequestId;
use domain::name::TeamName;
use figment::providers::Env;
use keystead::clock::Clock;
use keystead::config::{Config, Given};
use keystead::engine::{Engine, Pace, Parts};
use keystead::http::issuers::Issuers;
use keystead::http::limits::Gates;
use keystead::http::proxy::Proxies;
use keystead::http::rest::once::Keeper;
use keystead::http::rest::remembered::Remembered;
use keystead::http::session::{ACCOUNT, Sessions};
use keystead::http::sign_in::{self, Provider};
use keystead::http::{self, Web};
use keystead::seal::Seal;
use keystead::service::Service;
use keystead::service::accounts::{Accounts, make_token};
use keystead::store::Store;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What the template's password file holds; nothing that is shown may ever contain it.
pub const PASSWORD: &str = "template-password-3f9c";

/// Facts of the one simulator of this test run, which lives on a thread of its own.
pub fn facts() -> &'static Value {
    static FACTS: OnceLock<Value> = OnceLock::new();
    FACTS.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("azure-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("password"), format!("{PASSWORD}\n")).unwrap();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let simulator = Simulator::start(Options::at_speed(&folder, 1000.0)).await.unwrap();
                let mut facts = simulator.ready();
                facts["database"] = serde_json::json!({
                    "server": "db.contoso.example:5432", "database": "payments", "username": "payments_app",
                    "password_file": folder.join("password"),
                });
                tell.send(facts).unwrap();
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap()
    })
}

/// Asks the simulator's own routes.
pub async fn control(path: &str, body: &Value) -> Value {
    let control = facts()["control"].as_str().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = match body.is_null() {
        true => http.get(format!("{control}{path}")),
        false => http.post(format!("{control}{path}")).json(body),
    };
    let answer = asked.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap_or_default()
}

/// The embedded default, as main would make it, over these facts.
pub fn config() -> Config {
    let facts = facts().clone();
    Given::read(None, Env::prefixed("NOBODY_SETS_THIS__")).unwrap().with_facts(&facts).unwrap()
}

pub struct Portal {
    pub service: Arc<Service>,
    pub accounts: Accounts,
    pub store: Store,
    pub router: axum::Router,
    pub clock: Clock,
    pub azure: azure::Azure,
    pub engine: Arc<Engine>,
    pub sessions: Sessions,
    pub seal: Seal,
    /// Of the key's file.
    key: Arc<tempfile::TempDir>,
}

impl Portal {
    /// Its clock stands still at the present until it is moved.
    pub async fn over(bed: &Bed) -> Portal {
        Portal::on(bed.store.clone()).await
    }

    /// As one replica of several, each with a store of its own.
    pub async fn on(store: Store) -> Portal {
        Portal::configured(store, |_| {}).await
    }

    /// With a configuration that differs in something.
    pub async fn configured(store: Store, change: impl FnOnce(&mut Config)) -> Portal {
        let mut config = tokio::task::spawn_blocking(config).await.unwrap();
        change(&mut config);
        Portal::made(config, store, Clock::manual(Clock::system().now()), Arc::new(tempfile::tempdir().unwrap()))
    }

    /// The same server as it comes up again: the same time, the same keys, nothing in memory.
    pub async fn restarted(&self) -> Portal {
        let config = tokio::task::spawn_blocking(config).await.unwrap();
        Portal::made(config, self.store.clone(), self.clock.clone(), Arc::clone(&self.key))
    }

    fn made(config: Config, store: Store, clock: Clock, key: Arc<tempfile::TempDir>) -> Portal {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let azure = azure::Azure::connect(config.azure.client()).unwrap();
        let seal = Seal::of_file(&key.path().join("key")).unwrap();
        let recipe = keystead::recipes::provision().unwrap();
        let engine = Engine::new(Parts {
            store: store.clone(),
            clock: clock.clone(),
            azure: azure.clone(),
            seal: seal.clone(),
            recipes: vec![recipe.clone()],
            teams: config.teams.iter().map(|team| team.team()).collect(),
            pace: Pace::default(),
            at_once: 8,
            installation: None,
        });
        let service = Service::new(&config, store.clone(), azure.clone(), recipe, seal.clone(), clock.clone());
        let accounts = Accounts::new(service.clone());
        let public = config.public.clone().unwrap_or_else(|| Url::parse("http://127.0.0.1:4170").unwrap());
        let back = public.join(sign_in::BACK).unwrap();
        let client = http::client(&config.azure).unwrap();
        let web = Web {
            portal: service.clone(),
            tokens: accounts.clone(),
            issuers: Arc::new(Issuers::new(&config, &client, &clock)),
            provider: Arc::new(
                Provider::new(config.sign_in.clone(), config.groups(), &back, client, clock.clone()).unwrap(),
            ),
            provider_origin: Url::parse(&config.sign_in.issuer).unwrap().origin().ascii_serialization(),
            installation: app::context::Installation::default(),
            files: Arc::new(site::Site::empty()),
            addresses: http::addresses(&site::Site::empty()),
            gates: Arc::new(Gates::new(&config.limits, &clock)),
            pause: Duration::from_secs(config.limits.body_seconds),
            once: Keeper::new(store.clone(), seal.clone(), clock.clone()),
            remembered: Remembered::new(&store, clock.clone()),
            proxies: Proxies::new(&config.proxy, &public),
            public,
            stopping: CancellationToken::new(),
        };
        let sessions = Sessions::new(store.clone(), clock.clone(), 12, 168);
        let router = http::router(web, sessions.clone());
        Portal { service, accounts, store, router, clock, azure, engine: Arc::new(engine), sessions, seal, key }
    }

    /// As somebody who has signed in at least once.
    pub async fn caller(&self, name: &str, role: Role, team: Option<&str>) -> Caller {
        let caller = caller(name, role, team);
        self.accounts.signed_in(&caller).await.unwrap();
        caller
    }

    pub async fn member(&self) -> Caller {
        self.caller("member", Role::Member, Some("payments")).await
    }

    pub async fn manager(&self) -> Caller {
        self.caller("manager", Role::Manager, Some("payments")).await
    }

    /// A request of this caller for an environment of this name.
    pub async fn asked(&self, caller: &Caller, name: &str) -> RequestId {
        self.service.submit(caller, submission(name)).await.unwrap()
    }

    /// A browser in which this account is signed in, whatever the directory would say of it.
    pub async fn browser_of(&self, caller: &Caller) -> Browser {
        let session = tower_sessions::Session::new(None, Arc::new(self.sessions.clone()), None);
        session.insert(ACCOUNT, &caller.account).await.unwrap();
        session.save().await.unwrap();
        let mut browser = Browser::on(&self.router);
        browser.bring("keystead", &session.id().unwrap().to_string());
        browser
    }

    /// A token of this account.
    pub async fn token_of(&self, caller: &Caller) -> String {
        let made = make_token(&self.store, &caller.account.name, self.now(), self.now().plus(3_600_000)).await;
        made.unwrap().unwrap().expose_secret().to_owned()
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }
}

pub fn caller(name: &str, role: Role, team: Option<&str>) -> Caller {
    let account = Account {
        id: AccountId(format!("t/{name}")),
        name: format!("{name}@contoso.example"),
        roles: vec![role],
        teams: team.into_iter().map(|team| TeamName::parse(team).unwrap()).collect(),
        groups: Vec::new(),
    };
    Caller::person(account, None)
}

/// The four answers.
pub fn form(name: &str) -> Form {
    Form {
        name: name.into(),
        team: "payments".into(),
        region: "westeurope".into(),
        template: "web-app-three-nodes".into(),
        ..Form::default()
    }
}

pub fn submission(name: &str) -> Submission {
    Submission { form: form(name), password: None, draft: None }
}

/// With a database of one's own and its password.
pub fn submission_with(name: &str, password: &str) -> Submission {
    let form = Form {
        db_server: "db.contoso.example".into(),
        db_database: "own".into(),
        db_username: "own".into(),
        ..form(name)
    };
    Submission { form, password: Some(SecretString::from(password)), draft: None }
}
