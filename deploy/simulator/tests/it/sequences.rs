//! Does anything in any order to a small world, and looks after each step whether it still hangs together.
use std::collections::BTreeSet;

use azure_simulator::arm::{self, ResourceId};
use azure_simulator::operations::{OPERATIONS, Operation};
use azure_simulator::resources::{self, Resource};
use azure_simulator::state::StateError;
use azure_simulator::{picture, seed};
use http::{Method, StatusCode};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use crate::aks;
use crate::inside;
use crate::visitor::{Visitor, eventually};

/// How many sequences, where `SEQUENCES` does not ask for more; `FUZZ_SEED` names other ones.
const SEQUENCES: u32 = 12;
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

/// What can be there. The names are few, so that they meet.
#[derive(Clone, Debug, PartialEq)]
enum Thing {
    Group(&'static str),
    Vault(&'static str, &'static str),
    Identity(&'static str),
    Credential(&'static str),
    Cluster(&'static str),
    Pool(&'static str),
    /// At a scope, with a number for a name.
    Assignment(Box<Thing>, u8),
}

#[derive(Clone, Debug)]
enum Step {
    Put(Thing),
    Get(Thing),
    Delete(Thing),
    RecoverVault(&'static str, &'static str),
    PurgeVault(&'static str),
    /// The method and path below a vault's address.
    Secret(&'static str, &'static str, &'static str),
    Advance(u64),
    Restart,
}

/// What every sequence begins with, so that there is something to do things to.
fn beginning() -> Vec<Step> {
    let things = [Thing::Group("one"), Thing::Group("two"), Thing::Vault("one", "kv-a"), Thing::Cluster("one")];
    things.into_iter().map(Step::Put).chain([Step::Advance(400)]).collect()
}

fn group() -> impl Strategy<Value = &'static str> {
    select(vec!["one", "one", "one", "two"])
}

fn vault() -> impl Strategy<Value = &'static str> {
    select(vec!["kv-a", "kv-a", "kv-a", "kv-b"])
}

fn thing() -> impl Strategy<Value = Thing> {
    let plain = prop_oneof![
        1 => group().prop_map(Thing::Group),
        6 => (group(), vault()).prop_map(|(group, vault)| Thing::Vault(group, vault)),
        2 => group().prop_map(Thing::Identity),
        1 => group().prop_map(Thing::Credential),
        1 => group().prop_map(Thing::Cluster),
        1 => group().prop_map(Thing::Pool),
    ];
    (plain, proptest::option::weighted(0.25, 0_u8..3)).prop_map(|(thing, assigned)| match assigned {
        Some(number) => Thing::Assignment(Box::new(thing), number),
        None => thing,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let secret = select(vec![
        ("PUT", "secrets/s"),
        ("GET", "secrets/s"),
        ("DELETE", "secrets/s"),
        ("POST", "deletedsecrets/s/recover"),
        ("DELETE", "deletedsecrets/s"),
    ]);
    prop_oneof![
        8 => thing().prop_map(Step::Put),
        2 => thing().prop_map(Step::Get),
        4 => thing().prop_map(Step::Delete),
        2 => (group(), vault()).prop_map(|(group, vault)| Step::RecoverVault(group, vault)),
        1 => vault().prop_map(Step::PurgeVault),
        8 => (vault(), secret).prop_map(|(vault, (method, path))| Step::Secret(vault, method, path)),
        5 => select(vec![1, 40, 400]).prop_map(Step::Advance),
        1 => Just(Step::Restart),
    ]
}

impl Thing {
    fn path(&self) -> String {
        let group = |name: &str| format!("/resourceGroups/{name}");
        match self {
            Self::Group(name) => group(name),
            Self::Vault(of, name) => format!("{}/providers/Microsoft.KeyVault/vaults/{name}", group(of)),
            Self::Identity(of) => {
                format!("{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app", group(of))
            }
            Self::Credential(of) => format!("{}/federatedIdentityCredentials/web", Self::Identity(of).path()),
            Self::Cluster(of) => {
                format!("{}/providers/Microsoft.ContainerService/managedClusters/shop-{of}", group(of))
            }
            Self::Pool(of) => format!("{}/agentPools/extra", Self::Cluster(of).path()),
            Self::Assignment(scope, number) => {
                let name = uuid::Uuid::from_u128((*number).into());
                format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", scope.path())
            }
        }
    }

    fn body(&self, world: &azure_simulator::World) -> Value {
        match self {
            Self::Group(_) | Self::Identity(_) => json!({"location": "westeurope"}),
            Self::Vault(..) => json!({"location": "westeurope", "properties": {"tenantId": world.tenant,
                "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": true}}),
            Self::Credential(_) => json!({"properties": {"issuer": "https://issuer.example/", "subject": "web",
                "audiences": ["api://AzureADTokenExchange"]}}),
            Self::Cluster(_) => aks::body(),
            Self::Pool(_) => json!({"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "User"}}),
            Self::Assignment(..) => {
                let role =
                    format!("{}/providers/Microsoft.Authorization/roleDefinitions/{READER}", world.subscription_id());
                json!({"properties": {"roleDefinitionId": role, "principalId": seed::id_of("identity/portal"),
                    "principalType": "ServicePrincipal"}})
            }
        }
    }
}

/// A world with what the steps take for granted.
async fn world() -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.control(Method::PATCH, "/settings", json!({"rate_limits": false})).await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    visitor.advance(600);
    aks::register(&visitor, "Microsoft.ContainerService").await;
    let world = visitor.simulator.world();
    let owner = seed::id_of("service-principal/owner");
    let granted = world.state.change(|draft| {
        arm::grant(draft, world, &world.subscription_id(), owner, "Key Vault Administrator", "ServicePrincipal");
        Ok::<_, StateError>(())
    });
    granted.await.unwrap();
    visitor
}

/// Waits for what is due and comes about in the background.
async fn settle(visitor: &Visitor) {
    let state = &visitor.world().state;
    let now = visitor.world().clock.now();
    let due =
        |document: Value| serde_json::from_value::<Operation>(document).is_ok_and(|it| it.running() && it.due <= now);
    eventually(|| async { (!state.list(OPERATIONS).into_iter().any(|(_, one)| due(one))).then_some(()) }).await;
}

async fn take(visitor: Visitor, step: &Step) -> Visitor {
    let world = visitor.simulator.world();
    let arm = |path: String| format!("https://management.azure.com{}{path}", world.subscription_id());
    let answered = match step {
        Step::Put(thing) => inside::ask(world, Method::PUT, &arm(thing.path()), thing.body(world)).await,
        Step::Delete(thing) => inside::ask(world, Method::DELETE, &arm(thing.path()), Value::Null).await,
        Step::Get(thing) => {
            let answered = inside::ask(world, Method::GET, &arm(thing.path()), Value::Null).await;
            let id = format!("{}{}", world.subscription_id(), thing.path());
            let there = world.state.read(|draft| resources::find(draft, &id)).is_some();
            assert_eq!(answered.0 == StatusCode::OK, there, "{}", answered.1);
            answered
        }
        Step::RecoverVault(group, vault) => {
            let vault = Thing::Vault(group, vault);
            let mut body = vault.body(world);
            body["properties"]["createMode"] = json!("recover");
            inside::ask(world, Method::PUT, &arm(vault.path()), body).await
        }
        Step::PurgeVault(name) => {
            let path = format!("/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/{name}/purge");
            inside::ask(world, Method::POST, &arm(path), Value::Null).await
        }
        Step::Secret(vault, method, path) => {
            let body = if *method == "PUT" { json!({"value": "v"}) } else { Value::Null };
            let url = format!("https://{vault}.vault.azure.net/{path}");
            inside::ask(world, method.parse().unwrap(), &url, body).await
        }
        Step::Advance(seconds) => {
            visitor.advance(*seconds);
            settle(&visitor).await;
            return visitor;
        }
        Step::Restart => {
            let before = picture::text(world);
            let visitor = visitor.again().await;
            assert_eq!(picture::text(visitor.world()), before, "a restart changes nothing");
            return visitor;
        }
    };
    assert!(answered.0.as_u16() < 500, "{} {}", answered.0, answered.1);
    visitor
}

/// The names of the lines of one section of the picture, up to the first space.
fn section(text: &str, title: &str) -> BTreeSet<String> {
    let lines = text.lines().skip_while(|line| *line != title).skip(1).take_while(|line| line.starts_with(' '));
    lines.map(|line| line.trim().split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// What exists of vaults and secrets, live or deleted, by name.
struct Kept {
    live: BTreeSet<String>,
    deleted: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

fn kept(world: &azure_simulator::World, all: &[Resource]) -> Kept {
    let text = picture::text(world);
    let vaults: Vec<&Resource> = all.iter().filter(|one| one.kind() == "Microsoft.KeyVault/vaults").collect();
    let live: BTreeSet<String> = vaults.iter().map(|one| one.body["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(live.len(), vaults.len(), "a vault's name is there once");
    Kept { live, deleted: section(&text, "deleted vaults"), secrets: section(&text, "secrets") }
}

/// Whether everything hangs together; what exists of vaults and secrets.
fn look(world: &azure_simulator::World) -> Kept {
    let all = world.state.read(|draft| resources::under(draft, ""));
    let ids: BTreeSet<String> = all.iter().map(|one| resources::key(one.id())).collect();
    assert_eq!(ids.len(), all.len(), "an id is there once");
    for one in &all {
        let Some(id) = ResourceId::parse(one.id()) else { continue };
        let is_there = |id: &str| ids.contains(&resources::key(id));
        if let Some(group) = id.resource_group() {
            let group = format!("{}/resourceGroups/{group}", world.subscription_id());
            assert!(is_there(&group), "{} is in no group", one.id());
        }
        if let Some(parent) = id.parent() {
            assert!(is_there(parent.as_str()), "{} has no parent", one.id());
        }
        let scope = id.scope();
        let everywhere = scope.is_empty() || scope.eq_ignore_ascii_case(&world.subscription_id());
        assert!(everywhere || is_there(scope), "{} is at no scope", one.id());
        if id.kind().eq_ignore_ascii_case("Microsoft.Authorization/roleAssignments") {
            let said = one.body["properties"]["scope"].as_str().unwrap_or_default();
            assert!(said.eq_ignore_ascii_case(scope), "{} says {said}", one.id());
        }
    }
    let kept = kept(world, &all);
    assert!(kept.live.is_disjoint(&kept.deleted), "{:?} are live and deleted", kept.deleted);
    kept
}

async fn run(steps: Vec<Step>) {
    let mut visitor = world().await;
    let mut before = look(visitor.world());
    // Who asked for an end; everything else has to stay, live or deleted.
    let mut purged: BTreeSet<String> = BTreeSet::new();
    for step in &steps {
        match step {
            Step::PurgeVault(vault) => drop(purged.insert((*vault).to_owned())),
            Step::Secret(vault, "DELETE", "deletedsecrets/s") => drop(purged.insert(format!("{vault}/s"))),
            _ => {}
        }
        visitor = take(visitor, step).await;
        let now = look(visitor.world());
        let all = |kept: &Kept| -> BTreeSet<String> { kept.live.union(&kept.deleted).cloned().collect() };
        for lost in all(&before).difference(&all(&now)) {
            assert!(purged.contains(lost), "{lost} is lost by {step:?}");
        }
        for lost in before.secrets.difference(&now.secrets) {
            let vault = lost.split('/').next().unwrap_or_default();
            assert!(purged.contains(lost) || purged.contains(vault), "{lost} is lost by {step:?}");
        }
        before = now;
    }
    visitor.simulator.stop().await;
}

#[test]
fn whatever_is_done_in_whatever_order_the_world_hangs_together() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let config = Config {
        cases: number("SEQUENCES").unwrap_or(SEQUENCES),
        rng_seed: RngSeed::Fixed(number("FUZZ_SEED").unwrap_or(1).into()),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(step(), 30..80), |steps| {
        runtime.block_on(run([beginning(), steps].concat()));
        Ok(())
    });
    outcome.unwrap_or_else(|why| panic!("{why}"));
}
