//! Puts malformed requests to every route: nothing panics, nothing hangs, and nothing answers 500.
//!
//! Requests are made from a seed, which is fixed unless `FUZZ_SEED` names another; `FUZZ_CASES` asks for more of them.
mod corpus;
mod door;
mod management;
mod mutation;
mod ports;

use std::cell::RefCell;
use std::sync::{Arc, Once};
use std::time::Duration;

use axum::body::Body;
use azure_simulator::{Clock, World, arm, machines, seed};
use futures::{FutureExt, StreamExt};
use http::{HeaderValue, Request, StatusCode};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::aks;
use crate::inside;
use crate::visitor::{Visitor, eventually};
use corpus::Valid;
use management::STAGE;
use mutation::{Mutation, Sent, mutations, sent};

/// How many requests, where nobody asks for more.
const CASES: u32 = 3000;

thread_local! {
    /// What panicked on this thread: a test's tasks all run on its own.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn listen_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.with_borrow_mut(|panics| panics.push(panic.to_string()));
            usual(panic);
        }));
    });
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// One malformed request after the other, the simplest that is answered wrongly at last.
fn fuzz(visitor: &Visitor, runtime: &tokio::runtime::Runtime, all: &[Valid]) {
    listen_for_panics();
    let (seed, cases) = (number("FUZZ_SEED", 1), number("FUZZ_CASES", CASES.into()));
    let config = Config {
        cases: u32::try_from(cases).unwrap(),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let tokens = Tokens::of(visitor.simulator.world());
    let strategy = (any::<Index>(), mutations());
    let outcome = TestRunner::new(config).run(&strategy, |(which, wrong)| {
        let request = sent(which.get(all), &wrong);
        let answered = runtime.block_on(answer(visitor.simulator.world(), &tokens, &request));
        let panics = PANICS.take();
        prop_assert!(panics.is_empty(), "{}", panics.join("\n"));
        prop_assert!(answered.is_ok(), "{}", answered.unwrap_err());
        Ok(())
    });
    if let Err(TestError::Fail(why, (which, wrong))) = outcome {
        let request = sent(which.get(all), &wrong);
        let body = String::from_utf8_lossy(&request.body);
        let wrong: Vec<&Mutation> = wrong.iter().collect();
        panic!("seed {seed}: {why}\n{request:?}\nbody: {body}\nmade by {wrong:?}");
    }
}

/// A token for each host that takes one.
struct Tokens {
    management: String,
    vault: String,
    cluster: String,
    logs: String,
}

impl Tokens {
    fn of(world: &World) -> Self {
        let token = |audience: &str| format!("Bearer {}", inside::token(world, audience));
        Self {
            management: token("https://management.azure.com"),
            vault: token("https://vault.azure.net"),
            cluster: token("6dae42f8-4368-4678-94ff-3960e28e3630"),
            logs: token("https://api.loganalytics.io"),
        }
    }

    fn fitting(&self, host: &str) -> Option<&str> {
        match host {
            "management.azure.com" => Some(&self.management),
            host if host.ends_with(".vault.azure.net") => Some(&self.vault),
            host if host.ends_with(".azmk8s.io") => Some(&self.cluster),
            host if host.contains("loganalytics") => Some(&self.logs),
            _ => None,
        }
    }
}

/// Puts a request to its site as the front door does; the error says what is wrong with the answer.
async fn answer(world: &Arc<World>, tokens: &Tokens, sent: &Sent) -> Result<(), String> {
    let uri = match sent.query.as_slice() {
        [] => sent.path.clone(),
        query => format!("{}?{}", sent.path, query.join("&")),
    };
    let mut builder = Request::builder().method(sent.method.as_str()).uri(uri);
    for (name, value) in &sent.headers {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            builder = builder.header(*name, value);
        }
    }
    if let Some(token) = tokens.fitting(&sent.host).filter(|_| sent.signed_in) {
        builder = builder.header("authorization", token);
    }
    if sent.host == "169.254.169.254" {
        builder = builder.header("metadata", "true");
    }
    // What is no address at all never leaves a client.
    let Ok(request) = builder.body(Body::from(sent.body.clone())) else { return Ok(()) };
    let leaves_the_stage = request.method() == Method::DELETE && {
        let path = request.uri().path().trim_end_matches('/').to_ascii_lowercase();
        [STAGE, aks::CLUSTER, "/vaults/kv-one"].iter().any(|stage| path.ends_with(&stage.to_ascii_lowercase()))
    };
    if leaves_the_stage || sent.path.contains("/stop") {
        return Ok(());
    }
    let portal = world.state.read(|draft| machines::find(draft, "portal"));
    let answered = inside::answer(world, &sent.host, portal.filter(|_| sent.signed_in), request);
    let response = match tokio::time::timeout(Duration::from_secs(60), answered).await {
        Ok(Some(Ok(response))) => response,
        Ok(Some(Err(panic))) => return Err(panic.to_string()),
        Ok(None) => return Err(format!("{} does not answer any more", sent.host)),
        Err(_) => return Err("there is no answer after a minute".to_owned()),
    };
    let status = response.status();
    // A stream that goes on is read as far as it has come.
    let mut stream = response.into_body().into_data_stream();
    let mut body = Vec::new();
    while let Some(Some(Ok(piece))) = stream.next().now_or_never() {
        body.extend_from_slice(&piece);
    }
    match status {
        // The one 500 that Kubernetes gives on purpose.
        _ if String::from_utf8_lossy(&body).contains("has more than one PodDisruptionBudget") => Ok(()),
        StatusCode::INTERNAL_SERVER_ERROR => Err(format!("500: {}", String::from_utf8_lossy(&body))),
        _ => Ok(()),
    }
}

#[test]
fn no_request_to_azure_is_too_much() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (visitor, all) = runtime.block_on(async {
        let visitor = Visitor::with(Clock::wall(6000.0)).await;
        visitor.control(Method::PATCH, "/settings", json!({"rate_limits": false})).await;
        for namespace in ["Microsoft.KeyVault", "Microsoft.OperationalInsights", "Microsoft.Insights"] {
            aks::register(&visitor, namespace).await;
        }
        let cluster = aks::make(&visitor, aks::body()).await;
        visitor.arm(Method::PUT, "/resourceGroups/loose", json!({"location": "westeurope"})).await;
        let vault = json!({"location": "westeurope", "properties": {"tenantId": visitor.world().tenant,
            "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": true}});
        let path = format!("{STAGE}/providers/Microsoft.KeyVault/vaults/kv-one");
        visitor.arm(Method::PUT, &path, vault).await;
        eventually(|| async {
            let found = visitor.arm(Method::GET, &path, Value::Null).await;
            (found.body["properties"]["provisioningState"] == "Succeeded").then_some(())
        })
        .await;
        let world = visitor.simulator.world().clone();
        let owner = seed::id_of("service-principal/owner");
        let granted = world.state.change(|draft| {
            for role in ["Key Vault Administrator", "Azure Kubernetes Service RBAC Cluster Admin"] {
                arm::grant(draft, &world, &world.subscription_id(), owner, role, "ServicePrincipal");
            }
            Ok::<_, azure_simulator::state::StateError>(())
        });
        granted.await.unwrap();
        let host = cluster["properties"]["fqdn"].as_str().unwrap().to_owned();
        let all = corpus::azure(&world, &host);
        (visitor, all)
    });
    fuzz(&visitor, &runtime, &all);
    runtime.block_on(visitor.simulator.stop());
}

#[test]
fn no_request_to_the_control_routes_is_too_much() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let visitor = runtime.block_on(Visitor::arrive());
    fuzz(&visitor, &runtime, &corpus::control());
    runtime.block_on(visitor.simulator.stop());
}
