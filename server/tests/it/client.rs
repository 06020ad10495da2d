//! The command line as a client: the built program against a real server, from a form to what is gone again.

use crate::support::bed::{Bed, both};
use crate::support::browser::enter_code;
use crate::support::portal::Portal;
use domain::account::Caller;
use domain::id::JobId;
use keystead::service::accounts::make_token;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::task::AbortOnDropHandle;

/// A portal that answers at an address, with somebody's home beside it.
struct Story {
    portal: Portal,
    address: String,
    home: tempfile::TempDir,
    _serves: AbortOnDropHandle<()>,
}

/// How a command ended.
struct Ended {
    code: i32,
    out: String,
    told: String,
}

impl Ended {
    /// What it said, where it did what was asked.
    fn well(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.told);
        self.out
    }

    fn json(self) -> Value {
        serde_json::from_str(&self.well()).unwrap()
    }
}

impl Story {
    async fn over(bed: &Bed) -> Story {
        Story::of(Portal::over(bed).await).await
    }

    async fn of(portal: Portal) -> Story {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = portal.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        let serves = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let serves = AbortOnDropHandle::new(serves);
        Story { portal, address, home: tempfile::tempdir().unwrap(), _serves: serves }
    }

    /// A token that outlives every story.
    async fn token(&self, caller: &Caller) -> String {
        let until = self.portal.now().plus(365 * 86_400_000);
        let made = make_token(&self.portal.store, &caller.account.name, self.portal.now(), until).await;
        made.unwrap().unwrap().expose_secret().to_owned()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_keystead"));
        command.args(arguments).current_dir(self.home.path()).env_clear().env("HOME", self.home.path());
        command.kill_on_drop(true);
        command
    }

    /// Begins a login, and does what it says as this account; how it ended.
    async fn logs_in(&self, account: &str) -> Ended {
        let mut login = self.command(&["login", "--server", &self.address, "--name", "a test"]);
        login.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut login = login.spawn().unwrap();
        let mut told = BufReader::new(login.stderr.take().unwrap()).lines();
        let mut page = String::new();
        let code = loop {
            let line = told.next_line().await.unwrap().expect("it ended before it told a code");
            if line.trim().starts_with("http") {
                line.trim().clone_into(&mut page);
            }
            if let Some((code, _)) = line.strip_prefix("and enter the code ").and_then(|rest| rest.split_once('.')) {
                break code.to_owned();
            }
        };
        enter_code(&page, &code, account).await;
        let mut more = String::new();
        while let Some(line) = told.next_line().await.unwrap() {
            more.push_str(&line);
        }
        let output = login.wait_with_output().await.unwrap();
        Ended { code: output.status.code().unwrap(), out: String::from_utf8(output.stdout).unwrap(), told: more }
    }

    async fn run(&self, token: Option<&str>, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        if let Some(token) = token {
            command.env("KEYSTEAD_SERVER", &self.address).env("KEYSTEAD_TOKEN", token);
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Nobody reads it where it is not asked for.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ended = Ended { code: output.status.code().unwrap(), out: text(output.stdout), told: text(output.stderr) };
        assert!(!ended.out.contains('\u{1b}') && !ended.told.contains('\u{1b}'), "no colour where it is piped");
        ended
    }

    /// Approved, and watched while it is carried out.
    async fn watched(&self, manager: &str, member: &str, request: &str, what: &str) -> Ended {
        let approved = self.run(Some(manager), &["approve", request, "--yes", "-o", "json"], "").await.json();
        let job = JobId::new(approved["job"].as_str().unwrap());
        let what = if what.is_empty() { job.as_str() } else { what };
        let watch = ["watch", what];
        let (ended, _) = tokio::join!(self.run(Some(member), &watch, ""), self.portal.rested(&job));
        ended
    }
}

const FORM: &str = "\
name: by-command
team: payments
region: westeurope
template: web-app-one-node
nodes: 1
image: registry.contoso.example/pause:1.0.0
reason: a test
";

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_lies_in_a_file_is_put_until_it_stands() {
    both(|bed| async move {
        let story = Story::over(&bed).await;
        let member = story.token(&story.portal.member().await).await;
        let wish = story.file("wish.yaml", &FORM.replace("nodes: 1", "nodes: 2\ntags:\n  owner: payments"));
        let put = ["env", "apply", "-f", wish.to_str().unwrap()];
        let first = story.run(Some(&member), &put, "").await.well();
        assert!(first.contains("waits for its decision"), "{first}");
        assert_eq!(story.run(Some(&member), &put, "").await.well(), first, "the same wish is asked for once");
        let wrong = story.file("wrong.yaml", "name: by-command\nnodse: 2\n");
        let told = story.run(Some(&member), &["env", "apply", "-f", wrong.to_str().unwrap()], "").await;
        assert!(told.code == 2 && told.told.contains("Is `nodes` meant?"), "{} {}", told.code, told.told);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_asked_for_approved_watched_and_destroyed_from_the_command_line() {
    both(|bed| async move {
        let story = Story::over(&bed).await;
        let (member, manager) = (story.portal.member().await, story.portal.manager().await);
        let (member, manager) = (story.token(&member).await, story.token(&manager).await);
        // Both databases' environments lie in one simulated Azure, which keeps a deleted vault's name.
        let name = format!("by-{}", bed.name);
        let name = name.as_str();
        let form = story.file("env.yaml", &FORM.replace("by-command", name));
        let form = form.to_str().unwrap();

        let planned = story.run(Some(&member), &["plan", "-f", form, "-o", "json"], "").await.json();
        let (plan, digest) = (planned["id"].as_str().unwrap(), planned["digest"].as_str().unwrap());
        let send = ["env", "request", "--plan", plan, "--digest", digest, "-o", "json"];
        let asked = story.run(Some(&member), &send, "").await.json();
        assert_eq!(asked["digest"], digest, "what was shown is what is asked for");
        let request = asked["row"]["id"].as_str().unwrap().to_owned();
        let shown = story.run(Some(&manager), &["request", "show", &request], "").await.well();
        assert!(shown.contains(&format!("Create {name}")) && shown.contains(&format!("aks-{name}")), "{shown}");
        assert!(shown.contains(asked["digest"].as_str().unwrap()), "{shown}");
        let inbox = story.run(Some(&manager), &["request", "list", "--show", "inbox"], "").await.well();
        assert!(inbox.contains(&request), "{inbox}");
        let own = story.run(Some(&member), &["approve", &request, "--yes"], "").await;
        assert_eq!(own.code, 4, "{}", own.told);
        assert!(own.told.starts_with("keystead: Nobody decides on an own request"), "{}", own.told);
        let unasked = story.run(Some(&manager), &["approve", &request], "").await;
        assert_eq!(unasked.code, 2, "{}", unasked.told);
        assert!(unasked.told.contains("It permits") && unasked.told.contains("say --yes"), "{}", unasked.told);
        let early = story.run(Some(&member), &["watch", name], "").await;
        assert_eq!(early.code, 5, "{}", early.told);

        let watched = story.watched(&manager, &member, &request, "").await;
        assert!(watched.out.contains("  Cluster: ") && watched.out.ends_with(&format!("Create {name}: succeeded\n")));
        let lines: Vec<&str> = watched.out.lines().collect();
        let times: std::collections::HashSet<&&str> = lines.iter().collect();
        assert!(lines.len() > 20 && times.len() == lines.len(), "each line once: {}", watched.out);
        assert_eq!(watched.code, 0, "{}", watched.told);
        let jobs = story.run(Some(&member), &["job", "list", "--environment", name], "").await.well();
        let job = jobs.lines().nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        assert!(jobs.contains("succeeded"), "{jobs}");
        let steps = story.run(Some(&member), &["job", "show", &job], "").await.well();
        assert!(steps.contains("Key Vault") && steps.contains("succeeded"), "{steps}");
        // Nothing more comes, and that is said at once.
        assert_eq!(story.run(Some(&member), &["watch", name], "").await.well(), watched.out);

        let page = story.run(Some(&member), &["env", "show", name], "").await.well();
        assert!(page.contains("Environment") && page.contains("CHECK") && page.contains("VERDICT"), "{page}");
        let table = story.run(Some(&member), &["env", "list"], "").await.well();
        assert!(table.starts_with("NAME") && table.lines().nth(1).unwrap().starts_with(name), "{table}");
        let json = story.run(Some(&member), &["env", "list", "-o", "json"], "").await.json();
        assert_eq!(json["rows"][0]["name"], name);
        let yaml = story.run(Some(&member), &["env", "list", "--output", "yaml"], "").await.well();
        assert!(yaml.contains(&format!("name: {name}")), "{yaml}");
        let events = ["events", "--environment", name, "--kind", "request.decided,validation.ended"];
        let events = story.run(Some(&member), &events, "").await.well();
        assert!(events.contains("approved") && events.contains(" passed"), "{events}");
        let access = story.run(Some(&member), &["env", "access", name], "").await.well();
        assert!(access.contains("ANSWER") && access.contains("Wrote a value"), "{access}");
        let evidence = story.run(Some(&manager), &["env", "evidence", name], "").await.well();
        let verified = story.run(None, &["audit", "verify", evidence.trim()], "").await.well();
        assert!(verified.starts_with("whole: "), "{verified}");

        let stands = story.run(Some(&member), &["env", "apply", "-f", form], "").await.well();
        assert!(stands.contains("nothing is asked for"), "{stands}");

        let destroy = ["env", "destroy", name, "--yes", "--reason", "done", "-o", "json"];
        let destroyed = story.run(Some(&member), &destroy, "").await.json();
        let request = destroyed["row"]["id"].as_str().unwrap();
        let watched = story.watched(&manager, &member, request, name).await;
        assert!(watched.out.ends_with(&format!("Destroy {name}: succeeded\n")), "{}{}", watched.out, watched.told);
        let gone = story.run(Some(&member), &["env", "list", "--show", "gone"], "").await.well();
        assert!(gone.contains(name), "{gone}");
        let followed = ["events", "--environment", name, "--follow", "--after", "0"];
        let followed = story.run(Some(&member), &followed, "").await.well();
        let last = followed.lines().last().unwrap_or_default();
        assert!(last.contains("environment.changed") && last.ends_with("gone"), "it ends with it: {followed}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_logs_in_by_a_code_that_they_type_in_a_browser() {
    both(|bed| async move {
        let story = Story::over(&bed).await;
        let told = story.logs_in("manager@contoso.example").await.well();
        assert!(told.contains("as manager@contoso.example"), "{told}");
        let kept = story.home.path().join(".config/keystead/login.toml");
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        let me = story.run(None, &["whoami", "-o", "json"], "").await.json();
        assert_eq!((&me["roles"][0], &me["teams"][0]), (&"manager".into(), &"payments".into()));
        let cancelled = story.logs_in("cancel").await;
        assert!(cancelled.code == 4 && cancelled.told.contains("was cancelled"), "{}", cancelled.told);
        assert_eq!(story.run(None, &["whoami"], "").await.code, 0, "who was logged in still is");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_codes_leads_to_a_token() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let document = serde_json::json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    let provider = axum::Router::new()
        .route("/.well-known/openid-configuration", axum::routing::get(|| async move { axum::Json(document) }))
        .route("/keys", axum::routing::get(|| async { axum::Json(serde_json::json!({"keys": []})) }));
    let _serves = AbortOnDropHandle::new(tokio::spawn(async move { axum::serve(listener, provider).await.unwrap() }));
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| config.sign_in.issuer = issuer).await;
    let story = Story::of(portal).await;
    let told = story.run(None, &["login", "--server", &story.address], "").await;
    assert!(told.code == 2 && told.told.contains("offers no codes"), "{}", told.told);
    assert!(told.told.contains("/tokens") && told.told.contains("--token"), "{}", told.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_is_remembered_for_its_owner_alone() {
    let bed = Bed::sqlite().await;
    let story = Story::over(&bed).await;
    let member = story.portal.member().await;
    let (token, address) = (story.token(&member).await, story.address.as_str());
    let nobody = story.run(None, &["whoami"], "").await;
    assert_eq!(nobody.code, 2, "{}", nobody.told);
    assert!(nobody.told.contains("keystead login --server URL"), "{}", nobody.told);
    let wrong = story.run(None, &["login", "--server", address], "keystead_wrong\n").await;
    assert_eq!(wrong.code, 4, "{}", wrong.told);

    let told = story.run(None, &["login", "--server", address], &format!("{token}\n")).await.well();
    assert!(told.contains("as member@contoso.example"), "{told}");
    let kept = story.home.path().join(".config/keystead/login.toml");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let me = story.run(None, &["whoami"], "").await.well();
    assert!(me.contains("member@contoso.example") && me.contains("payments"), "{me}");
    let elsewhere = story.run(None, &["whoami", "--server", "http://127.0.0.1:9"], "").await;
    assert_eq!(elsewhere.code, 4, "the token goes to no other portal: {}", elsewhere.told);

    story.run(None, &["logout"], "").await.well();
    assert!(!Path::new(&kept).exists());
    let file = story.file("token", &token);
    let file = file.to_str().unwrap();
    story.run(None, &["login", "--server", address, "--token-file", file], "").await.well();
    assert!(story.run(None, &["whoami", "-o", "json"], "").await.json()["teams"][0] == "payments");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_scripts_what_happened() {
    let bed = Bed::sqlite().await;
    let story = Story::over(&bed).await;
    let (member, manager) = (story.portal.member().await, story.portal.manager().await);
    let auditor = story.portal.caller("auditor", domain::account::Role::Auditor, None).await;
    let (member, manager) = (story.token(&member).await, story.token(&manager).await);
    let auditor = story.token(&auditor).await;
    let wrong = story.file("wrong.yaml", "name: No\nteam: payments\n");
    let unknown = story.file("unknown.yaml", "name: ledger\nnode: 3\n");
    let (wrong, unknown) = (wrong.to_str().unwrap(), unknown.to_str().unwrap());

    let code = async |token: &str, arguments: &[&str]| {
        let ended = story.run(Some(token), arguments, "").await;
        (ended.code, ended.told)
    };
    assert_eq!(code(&member, &["env", "show", "none"]).await.0, 3);
    let (none, told) = code(&member, &["watch", "none"]).await;
    assert_eq!(none, 3, "{told}");
    assert_eq!(code("keystead_none", &["env", "list"]).await.0, 4);
    assert_eq!(code(&member, &["env", "nothing"]).await.0, 2);
    let (usage, told) = code(&member, &["env", "request", "-f", wrong]).await;
    assert!(usage == 2 && told.contains("\n  name: ") && told.contains("\n  template: "), "{told}");
    let (usage, told) = code(&member, &["env", "request", "-f", unknown]).await;
    assert!(usage == 2 && told.contains("there is no answer node"), "{told}");

    let form = story.file("env.yaml", &FORM.replace("by-command", "coded"));
    let form = form.to_str().unwrap();
    assert_eq!(code(&auditor, &["env", "request", "-f", form]).await.0, 4);
    let asked = story.run(Some(&member), &["env", "request", "-f", form, "-o", "json"], "").await.json();
    let request = asked["row"]["id"].as_str().unwrap();
    let other = ["approve", request, "--yes", "--digest", "0000 0000"];
    assert_eq!(code(&manager, &other).await.0, 5, "another plan than the one that was read");
    let approved = story.run(Some(&manager), &["approve", request, "--yes", "-o", "json"], "").await.json();
    assert_eq!(code(&member, &["request", "withdraw", request]).await.0, 5, "it is decided");
    let job = approved["job"].as_str().unwrap();
    story.run(Some(&member), &["job", "cancel", job, "--reason", "not needed"], "").await.well();
    let watched = story.run(Some(&member), &["watch", job], "").await;
    assert!(watched.code == 6 && watched.out.ends_with("Create coded: cancelled\n"), "{}{}", watched.out, watched.told);
    let away = story.run(Some(&member), &["--server", "http://127.0.0.1:9", "env", "list"], "").await;
    assert!(away.code == 7 && away.told.contains("does not answer"), "{}", away.told);

    let help = story.run(None, &["--help"], "").await.well();
    assert!(help.contains("7  the portal cannot be reached"), "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let script = story.run(None, &["completions", shell], "").await.well();
        assert!(script.contains("keystead") && script.contains("roll-back"), "{shell}");
    }
}
