//! A server that is killed while programs ask it, again and again: each question under a key happens once, and each program
//! that goes on asking hears what came of it.

use crate::support::bed::{Bed, number, rows};
use crate::support::portal::{Portal, facts};
use keystead::store::Store;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Programs that ask side by side, how much each asks, and how often the server is killed meanwhile at least.
const PROGRAMS: usize = 5;
const ASKS: usize = 5;
const KILLS: usize = 5;

/// The built program over a story's database, with the simulator of this test run as its Azure.
struct Server {
    process: Child,
    /// It ends where nobody could read what it says.
    _says: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Server {
    fn start(data: &Path, database: &str) -> Server {
        let told = data.join("facts");
        std::fs::write(&told, format!("ready {}\n", facts())).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
        command.current_dir(data).env_remove("DATABASE_URL").stdout(Stdio::piped());
        let said = data.join("said");
        command.stderr(File::options().create(true).append(true).open(&said).unwrap());
        command.env("KEYSTEAD__DATA", data).env("KEYSTEAD__DATABASE", database).env("KEYSTEAD__LISTEN", "127.0.0.1:0");
        command.env("KEYSTEAD__AZURE__COMMAND", json!(["cat", told]).to_string());
        command.env("KEYSTEAD__AZURE__STOP", json!(["true"]).to_string());
        for limit in ["TOKEN", "PERSON", "STRANGER"] {
            command.env(format!("KEYSTEAD__LIMITS__{limit}_A_MINUTE"), "0");
        }
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().split_once("serving at ").map(|(_, url)| url.to_owned()));
        let url = url.unwrap_or_else(|| panic!("it ended before it served: {}", read_to_string(said).unwrap()));
        Server { process, _says: lines, url }
    }
}

impl Drop for Server {
    /// As SIGKILL and as a lost machine do it.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program with a token, which asks until it has an answer, wherever the server is by then.
struct Asker {
    http: reqwest::Client,
    token: String,
    url: watch::Receiver<String>,
}

/// An answer that counts.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    status: u16,
    body: Value,
}

impl Asker {
    async fn ask(&mut self, key: &str, path: &str, body: &Value) -> Told {
        loop {
            let url = self.url.borrow_and_update().clone();
            let question = self.http.post(format!("{url}/api/v1{path}")).bearer_auth(&self.token).json(body);
            let answer = question.header("if-match", "*").header("idempotency-key", key).send().await;
            let told = match answer {
                Ok(answer) => (answer.status(), answer.text().await),
                Err(_) => {
                    self.elsewhere().await;
                    continue;
                }
            };
            match told {
                (status, Ok(text)) if status.is_success() => {
                    let mut body: Value = serde_json::from_str(&text).unwrap_or_default();
                    if let Some(fields) = body.as_object_mut() {
                        fields.remove("now");
                    }
                    return Told { status: status.as_u16(), body };
                }
                // What an earlier try of this program began is still at work, or the server just stops.
                (StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE, Ok(text)) => {
                    let known = ["key-in-flight", "unavailable", "stopping"].iter().any(|kind| text.contains(kind));
                    assert!(known, "{key} {path}: {text}");
                    tokio::task::yield_now().await;
                }
                (_, Err(_)) => self.elsewhere().await,
                (status, text) => panic!("{key} {path}: {status} {text:?}"),
            }
        }
    }

    /// Until the server is started again, or is there again already.
    async fn elsewhere(&mut self) {
        let started = tokio::time::timeout(std::time::Duration::from_secs(60), self.url.changed()).await;
        started.expect("no server comes back").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_each_question_happens_once_however_often_the_server_is_killed() {
    story(Bed::sqlite().await, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_each_question_happens_once_however_often_the_server_is_killed() {
    story(Bed::postgres().await, 2).await;
}

async fn story(bed: Bed, seed: u64) {
    let data = tempfile::tempdir().unwrap();
    let portal = Portal::over(&bed).await;
    let token = portal.token_of(&portal.member().await).await;
    let database = if bed.name == "sqlite" { format!("sqlite:{}", bed.url) } else { bed.url.clone() };
    let server = Server::start(data.path(), &database);
    let (tell, url) = watch::channel(server.url.clone());
    let programs = (0..PROGRAMS).map(|number| {
        let mut asker = Asker { http: http(), token: token.clone(), url: url.clone() };
        tokio::spawn(async move { asks(&mut asker, number).await })
    });
    let programs: Vec<_> = programs.collect();
    let server = kill(&bed.store, server, data.path(), &database, tell, seed, &programs).await;
    let told = futures::future::join_all(programs).await;

    // Nothing is asked any more: what each was told is what it is told now.
    let mut asker = Asker { http: http(), token, url };
    let told: BTreeMap<String, (String, Value, Told)> = told.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(told.len(), PROGRAMS * ASKS);
    for (key, (path, body, first)) in &told {
        assert_eq!(asker.ask(key, path, body).await, *first, "{} {key} {path}", bed.name);
    }
    drop(server);
    let environments = rows(&bed.store, "select environment_name from request order by 1").await;
    let wanted: Vec<String> = (0..PROGRAMS).map(|number| format!("killed-{number}")).collect();
    assert_eq!(environments, wanted, "{}: each request is there once", bed.name);
    let said = rows(&bed.store, "select said from record where word = 'commented' order by 1").await;
    let wanted = (0..PROGRAMS).flat_map(|number| (1..ASKS).map(move |ask| format!("number {number}, comment {ask}")));
    assert_eq!(said, wanted.collect::<Vec<_>>(), "{}: each comment is there once", bed.name);
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A request, and what is said of it: by key the path, the body and the answer.
async fn asks(asker: &mut Asker, number: usize) -> Vec<(String, (String, Value, Told))> {
    let mut told = Vec::new();
    let wish = json!({
        "name": format!("killed-{number}"), "team": "payments", "region": "westeurope", "template": "web-app-one-node",
        "reason": "To be asked for once",
    });
    let key = format!("request-{number}");
    let first = asker.ask(&key, "/requests", &wish).await;
    let comments = format!("/requests/{}/comments", first.body["row"]["id"].as_str().unwrap());
    told.push((key, ("/requests".to_owned(), wish, first)));
    for ask in 1..ASKS {
        let (key, body) =
            (format!("comment-{number}-{ask}"), json!({"comment": format!("number {number}, comment {ask}")}));
        let answer = asker.ask(&key, &comments, &body).await;
        told.push((key, (comments.clone(), body, answer)));
    }
    told
}

/// Kills it a few looks after a further question had its effect, and starts it again; answers the last one.
async fn kill<T>(
    store: &Store,
    mut server: Server,
    data: &Path,
    database: &str,
    tell: watch::Sender<String>,
    seed: u64,
    programs: &[JoinHandle<T>],
) -> Server {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut kills = 0;
    while !programs.iter().all(JoinHandle::is_finished) {
        let wanted = effects(store).await + chance.random_range(1..=3);
        while effects(store).await < wanted && !programs.iter().all(JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        for _ in 0..chance.random_range(0..12) {
            effects(store).await;
        }
        drop(server);
        server = Server::start(data, database);
        tell.send_replace(server.url.clone());
        kills += 1;
    }
    assert!(kills >= KILLS, "it was killed {kills} times only");
    server
}

async fn effects(store: &Store) -> i64 {
    number(store, "select count(*) from once").await
}
