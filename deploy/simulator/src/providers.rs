//! Registration of resource providers: a subscription has to ask for a namespace before it may use it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::StartError;
use crate::arm::{Answer, Ask, PROVIDERS, Refusal};
use crate::clock::later;
use crate::parts::{Function, Parts, Start};
use crate::world::World;

/// The namespaces that the subscription knows, and whether a new subscription has them registered.
const NAMESPACES: &[(&str, bool)] = &[
    ("Microsoft.Authorization", true),
    ("Microsoft.Compute", true),
    ("Microsoft.ContainerRegistry", true),
    ("Microsoft.ContainerService", false),
    ("Microsoft.Insights", true),
    ("Microsoft.KeyVault", true),
    ("Microsoft.ManagedIdentity", true),
    ("Microsoft.Network", true),
    ("Microsoft.OperationalInsights", true),
    ("Microsoft.OperationsManagement", false),
    ("Microsoft.PolicyInsights", false),
    ("Microsoft.Resources", true),
    ("Microsoft.Storage", true),
];
/// How long Azure takes to register one.
const TAKES: Duration = Duration::from_secs(60);

/// Adds the registration of providers.
pub fn attach(parts: &mut Parts) {
    parts.add_function(List);
    parts.add_function(Show);
    parts.add_function(Register);
    parts.add_start(Registrations);
}

fn spelled(namespace: &str) -> Option<&'static str> {
    NAMESPACES.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(namespace))
}

fn unknown(namespace: &str) -> Refusal {
    Refusal::not_found("InvalidResourceNamespace", format!("The resource namespace '{namespace}' is invalid."))
}

/// The state of a registration now: `Registering` ends by itself when its time has come.
fn state_of(world: &World, namespace: &str) -> &'static str {
    let note = world.state.get(PROVIDERS, &namespace.to_ascii_lowercase()).unwrap_or_default();
    match note["registrationState"].as_str() {
        Some("NotRegistered") => "NotRegistered",
        Some("Registering") => "Registering",
        _ => "Registered",
    }
}

fn body(world: &World, namespace: &str) -> Value {
    let kinds: Vec<Value> = world
        .parts
        .kinds()
        .filter_map(|kind| kind.name().split_once('/').filter(|(of, _)| of.eq_ignore_ascii_case(namespace)))
        .map(|(_, kind)| json!({"resourceType": kind, "locations": [], "apiVersions": [], "capabilities": "None"}))
        .collect();
    json!({
        "id": format!("{}/providers/{namespace}", world.subscription_id()),
        "namespace": namespace,
        "registrationState": state_of(world, namespace),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": kinds,
    })
}

struct List;

#[async_trait]
impl Function for List {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        ""
    }

    fn action(&self) -> &'static str {
        "Microsoft.Resources/subscriptions/providers/read"
    }

    async fn run(&self, world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        let value: Vec<Value> = NAMESPACES.iter().map(|(namespace, _)| body(world, namespace)).collect();
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}

struct Show;

#[async_trait]
impl Function for Show {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "{namespace}"
    }

    fn action(&self) -> &'static str {
        "Microsoft.Resources/subscriptions/providers/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let asked = ask.parts.get("namespace").map(String::as_str).unwrap_or_default();
        let namespace = spelled(asked).ok_or_else(|| unknown(asked))?;
        Ok(Answer::Document(StatusCode::OK, body(world, namespace)))
    }
}

struct Register;

#[async_trait]
impl Function for Register {
    fn method(&self) -> Method {
        Method::POST
    }

    fn path(&self) -> &'static str {
        "{namespace}/register"
    }

    fn action(&self) -> &'static str {
        // Each provider has an action of its own; whoever holds `*/register/action` or `*` may.
        "Microsoft.Resources/register/action"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let asked = ask.parts.get("namespace").map(String::as_str).unwrap_or_default();
        let namespace = spelled(asked).ok_or_else(|| unknown(asked))?;
        if state_of(world, namespace) == "NotRegistered" {
            let id = format!("{}/providers/{namespace}", world.subscription_id());
            let due = world.hold(&id, "registration", TAKES);
            let note = json!({"registrationState": "Registering", "due": due});
            world.state.put(PROVIDERS, &namespace.to_ascii_lowercase(), note).await?;
            finish_when_due(world, namespace, due);
        }
        Ok(Answer::Document(StatusCode::OK, body(world, namespace)))
    }
}

fn finish_when_due(world: &Arc<World>, namespace: &'static str, due: jiff::Timestamp) {
    let world = world.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = world.clock.until(due) => {}
            () = world.stopping.cancelled() => return,
        }
        let note = json!({"registrationState": "Registered"});
        if let Err(error) = world.state.put(PROVIDERS, &namespace.to_ascii_lowercase(), note).await {
            tracing::error!(%error, namespace, "a registration could not be written down");
        }
    });
}

struct Registrations;

#[async_trait]
impl Start for Registrations {
    /// Notes in a new world what is not registered, and goes on with what was being registered.
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        for (namespace, registered) in NAMESPACES {
            let key = namespace.to_ascii_lowercase();
            match world.state.get(PROVIDERS, &key) {
                None => {
                    let state = if *registered { "Registered" } else { "NotRegistered" };
                    let note = json!({ "registrationState": state });
                    let written = world.state.put(PROVIDERS, &key, note).await;
                    written.map_err(|error| StartError::new("noting a resource provider", error))?;
                }
                Some(note) if note["registrationState"] == "Registering" => {
                    let due = note["due"].as_str().and_then(|it| it.parse().ok());
                    finish_when_due(world, namespace, due.unwrap_or_else(|| later(world.clock.now(), Duration::ZERO)));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
