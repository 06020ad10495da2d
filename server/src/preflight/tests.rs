//! Each warning over a world that is known: what it says, and when it says nothing.
#![allow(clippy::unwrap_used)]

use super::cores::Cores;
use super::identities::Identities;
use super::kubernetes::Kubernetes;
use super::locks::Locks;
use super::names::Names;
use super::providers::Providers;
use super::{Picture, Question, Warning};
use crate::engine::{Installation, Subject};
use azure::Azure;
use azure::roles::PrincipalType;
use domain::Moment;
use domain::id::EnvironmentId;
use domain::name::TeamName;
use domain::plan::{FieldChange, Finding, Line, Plan, Verb, Weight};
use domain::team::Team;
use domain::wish::Wish;
use serde_json::{Value, json};

/// A wish with some fields otherwise.
pub(super) fn wish(changes: &Value) -> Wish {
    let mut wish = json!({
        "name": "shop", "team": "payments", "region": "westeurope",
        "template": { "name": "web-app", "version": 1 },
        "cluster": { "node_size": "Standard_D2s_v5", "nodes": 2, "kubernetes": "1.36", "tier": "free" },
        "vault": { "name": "kv-shop", "soft_delete_days": 7, "purge_protection": false },
        "roles": { "app_identity": "agent-pool", "team_role": "reader" },
        "database": { "kind": "named", "server": "db.contoso.example", "database": "shop", "username": "shop",
            "password_from": "template" },
        "insights": null, "web_app": { "image": "shop.azurecr.io/webapp:1.0.0", "replicas": 1, "port": 8080 },
        "lifetime": { "days": 30 }, "reason": "",
    });
    for (field, value) in changes.as_object().into_iter().flatten() {
        wish[field] = value.clone();
    }
    serde_json::from_value(wish).unwrap()
}

pub(super) fn line(step: &str, verb: Verb) -> Line {
    let detail = if step == "providers" { "ContainerService, KeyVault" } else { "" };
    let (step, name, kind, detail) = (step.to_owned(), String::new(), String::new(), detail.to_owned());
    Line { step, verb, name, kind, detail, changes: Vec::new(), known_after: Vec::new(), expected: None }
}

fn changed(field: &str, from: &str) -> FieldChange {
    FieldChange { field: field.to_owned(), from: from.to_owned(), to: String::new() }
}

/// The scope of the subscription's lists.
pub(super) const HERE: &str = "/subscriptions/s/";

/// Asks about a plan of these lines where the subscription's lists are these.
pub(super) async fn asked<T>(
    wish: &Wish,
    lines: Vec<Line>,
    lists: &[(&str, Value)],
    ask: impl AsyncFnOnce(&Question<'_>) -> T,
) -> T {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let azure = Azure::connect(azure::Config {
        subscription_id: "s".to_owned(),
        credential: azure::CredentialKind::AzureCli,
        ..azure::Config::default()
    });
    let lists = lists.iter().map(|(path, list)| (format!("{HERE}{path}"), list.as_array().unwrap().clone()));
    let picture = Picture::known(lists, Moment(0));
    let installation = Installation {
        tenant: "t".to_owned(),
        subscription: "s".to_owned(),
        identity: "o".to_owned(),
        identity_kind: PrincipalType::ServicePrincipal,
    };
    let (name, title, group) = (TeamName::parse("payments").unwrap(), "Payments".into(), "g".into());
    let team = Team { name, title, group, cost_centre: None };
    let environment = EnvironmentId::new("e");
    let subject = Subject { wish, team: &team, environment: &environment, installation: &installation };
    let (plan, azure) = (Plan { lines, ..Plan::default() }, azure.unwrap());
    let (now, oldest) = (Moment(0), i64::MAX);
    ask(&Question { subject, plan: &plan, azure: &azure, picture: &picture, now, oldest }).await
}

async fn said(warning: impl Warning, wish: &Wish, lines: Vec<Line>, lists: &[(&str, Value)]) -> Vec<Finding> {
    asked(wish, lines, lists, async |question| warning.look(question).await.unwrap()).await
}

/// Whether the request can be sent, and the sentence.
fn told(findings: &[Finding]) -> Vec<(bool, &str)> {
    findings.iter().map(|finding| (finding.weight == Weight::Deny, finding.sentence.as_str())).collect()
}

#[tokio::test]
async fn a_version_of_kubernetes_that_is_not_supported_is_told_with_those_that_are() {
    let version = |version: &str, plans: Value, preview: bool| json!({ "version": version, "isPreview": preview, "capabilities": { "supportPlan": plans } });
    let official = json!(["KubernetesOfficial", "AKSLongTermSupport"]);
    let versions = |first: Value| {
        let list = json!([first, version("1.37", official.clone(), false)]);
        [("providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions", list)]
    };
    let wish = wish(&Value::Null);
    let asked = async |first| {
        let found = said(Kubernetes, &wish, vec![line("cluster", Verb::Create)], &versions(first)).await;
        told(&found).into_iter().map(|(denied, sentence)| (denied, sentence.to_owned())).collect::<Vec<_>>()
    };
    assert!(asked(version("1.36", official.clone(), false)).await.is_empty());
    let old = asked(version("1.36", json!(["AKSLongTermSupport"]), false)).await;
    assert!(old[0].0 && old[0].1.contains("has reached its end") && old[0].1.ends_with("1.37 would pass."), "{old:?}");
    let gone = asked(version("1.35", official.clone(), false)).await;
    assert!(gone[0].0 && gone[0].1.contains("does not offer Kubernetes 1.36 in westeurope"), "{gone:?}");
    let new = asked(version("1.36", official.clone(), true)).await;
    assert!(!new[0].0 && new[0].1.contains("preview"), "{new:?}");
}

#[tokio::test]
async fn providers_that_were_never_used_are_told_with_how_long_they_take() {
    let provider =
        |name: &str, state: &str| json!({ "namespace": format!("Microsoft.{name}"), "registrationState": state });
    let lists =
        [("providers", json!([provider("ContainerService", "Registered"), provider("KeyVault", "NotRegistered")]))];
    let wish = wish(&Value::Null);
    let found = said(Providers, &wish, vec![line("providers", Verb::Create)], &lists).await;
    let sentence =
        "The subscription has never used KeyVault: the job registers it first, which takes some minutes once.";
    assert_eq!(told(&found), [(false, sentence)]);
    assert!(said(Providers, &wish, vec![line("providers", Verb::Keep)], &lists).await.is_empty());
}

#[tokio::test]
async fn a_group_that_stands_already_is_told_with_whose_it_is() {
    let lines = || vec![line("resource-group", Verb::Create)];
    let groups = |tags: Value| [("resourceGroups", json!([{ "name": "RG-shop", "tags": tags }]))];
    let short = wish(&Value::Null);
    let taken = said(Names, &short, lines(), &groups(json!({}))).await;
    assert!(told(&taken)[0].1.contains("made by somebody else"), "{taken:?}");
    let left = said(Names, &short, lines(), &groups(json!({ "keystead-environment-id": "other" }))).await;
    assert!(told(&left)[0].1.contains("left by an earlier environment"), "{left:?}");
    let own = said(Names, &short, lines(), &groups(json!({ "keystead-environment-id": "e" }))).await;
    assert!(own.is_empty(), "{own:?}");
}

#[tokio::test]
async fn several_identities_on_the_nodes_are_told_to_an_app_that_relies_on_one() {
    let sets = |names: &[&str]| {
        let ids = names.iter().map(|name| (format!("/x/userAssignedIdentities/{name}"), json!({})));
        let ids: serde_json::Map<String, Value> = ids.collect();
        let group = "resourceGroups/MC_rg-shop_aks-shop_westeurope";
        let path: &str = format!("{group}/providers/Microsoft.Compute/virtualMachineScaleSets").leak();
        [(path, json!([{ "identity": { "userAssignedIdentities": ids } }]))]
    };
    let (several, one) = (sets(&["aks-shop-agentpool", "omsagent-aks-shop"]), sets(&["aks-shop-agentpool"]));
    let (default, workload) =
        (wish(&Value::Null), wish(&json!({ "roles": { "app_identity": "workload", "team_role": "reader" } })));
    let stands = || vec![line("cluster", Verb::Keep)];
    let found = said(Identities, &default, stands(), &several).await;
    assert!(
        told(&found)[0].1.starts_with("The nodes have 2 identities (aks-shop-agentpool, omsagent-aks-shop)"),
        "{found:?}"
    );
    assert!(said(Identities, &default, stands(), &one).await.is_empty());
    assert!(said(Identities, &workload, stands(), &several).await.is_empty(), "it names its own");
}

#[tokio::test]
async fn cores_are_counted_with_the_node_that_an_upgrade_adds_and_without_what_goes_before() {
    let size = |name: &str, family: &str, cores: &str| json!({ "name": name, "family": family, "capabilities": [{ "name": "vCPUs", "value": cores }] });
    let sizes = json!([
        size("Standard_D2s_v5", "dsv5", "2"),
        size("Standard_D4s_v5", "dsv5", "4"),
        size("Standard_E4s_v5", "esv5", "4")
    ]);
    let usage =
        |name: &str, used: i64, limit: i64| json!({ "name": { "value": name }, "currentValue": used, "limit": limit });
    let lists = |family: i64, region: i64| {
        [
            ("providers/Microsoft.Compute/skus?location eq 'westeurope'", sizes.clone()),
            (
                "providers/Microsoft.Compute/locations/westeurope/usages",
                json!([usage("dsv5", 10 - family, 10), usage("cores", 20 - region, 20)]),
            ),
        ]
    };
    let wish = wish(&Value::Null);
    let asked = async |verb, changes: Vec<FieldChange>, family, region| {
        let cluster = Line { changes, ..line("cluster", verb) };
        let found = said(Cores, &wish, vec![cluster], &lists(family, region)).await;
        told(&found).into_iter().map(|(denied, _)| denied).collect::<Vec<_>>()
    };
    assert!(asked(Verb::Create, Vec::new(), 6, 20).await.is_empty(), "two nodes of two cores, and one more");
    assert_eq!(asked(Verb::Create, Vec::new(), 4, 20).await, [false], "none is left for an upgrade");
    assert_eq!(asked(Verb::Create, Vec::new(), 3, 20).await, [true]);
    assert_eq!(asked(Verb::Create, Vec::new(), 6, 3).await, [true], "the region has a total too");
    let count = |from| changed("agentPoolProfiles.count", from);
    assert!(asked(Verb::Change, vec![count("1")], 4, 20).await.is_empty(), "one more, and one for an upgrade");
    assert_eq!(asked(Verb::Change, vec![count("1")], 1, 20).await, [true]);
    let size = |from| changed("agentPoolProfiles.vmSize", from);
    let replaced = asked(Verb::Replace, vec![size("Standard_D4s_v5")], 0, 0).await;
    assert!(replaced.is_empty(), "two of four cores are gone before: {replaced:?}");
    assert_eq!(asked(Verb::Replace, vec![size("Standard_E4s_v5")], 0, 0).await, [true], "of another family");
}

#[tokio::test]
async fn locks_that_will_refuse_are_told_wherever_the_job_writes() {
    let lock = |scope: &str, level: &str| {
        let id = format!("/subscriptions/s{scope}/providers/Microsoft.Authorization/locks/careful");
        let registry = json!([{ "id": "/subscriptions/s/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/shop",
            "properties": { "loginServer": "shop.azurecr.io" } }]);
        [
            (
                "providers/Microsoft.Authorization/locks",
                json!([{ "id": id, "name": "careful", "properties": { "level": level } }]),
            ),
            ("providers/Microsoft.ContainerRegistry/registries", registry),
        ]
    };
    let wish = wish(&Value::Null);
    let asked = async |step, verb, scope, level| {
        let found = said(Locks, &wish, vec![line(step, verb)], &lock(scope, level)).await;
        told(&found).into_iter().map(|(denied, _)| denied).collect::<Vec<_>>()
    };
    let (group, nodes) = ("/resourceGroups/RG-shop", "/resourceGroups/MC_rg-shop_aks-shop_westeurope");
    for scope in ["", group, "/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv-shop", nodes] {
        assert_eq!(asked("cluster", Verb::Create, scope, "ReadOnly").await, [true], "{scope}");
        assert_eq!(asked("cluster", Verb::Delete, scope, "CanNotDelete").await, [true], "{scope}");
        assert_eq!(asked("cluster", Verb::Create, scope, "CanNotDelete").await, [false], "{scope}");
    }
    let registry = "/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/shop";
    assert_eq!(asked("registry-role", Verb::Create, registry, "ReadOnly").await, [true]);
    assert_eq!(asked("registry-role", Verb::Delete, "/resourceGroups/images", "CanNotDelete").await, [true]);
    assert!(asked("cluster", Verb::Create, registry, "ReadOnly").await.is_empty(), "nothing is done there");
    assert!(asked("cluster", Verb::Create, "/resourceGroups/rg-shop-2", "ReadOnly").await.is_empty());
}
