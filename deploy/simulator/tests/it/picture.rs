//! The whole world as a text, and the counts that prove that nothing was made twice.
use k8s_openapi::api::apps::v1::Deployment;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::kubernetes::{ECHO, Shop, web};
use crate::visitor::Visitor;

const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

async fn furnished() -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    visitor.advance(60);
    aks::register(&visitor, "Microsoft.ContainerService").await;
    let group = json!({"location": "westeurope", "tags": {"team": "shop"}});
    visitor.arm(Method::PUT, "/resourceGroups/rg", group).await;
    let asked = visitor.arm(Method::PUT, CLUSTER, aks::body()).await;
    visitor.advance(400);
    aks::done(&visitor, &asked).await;
    for name in ["kv-one", "kv-two"] {
        crate::vaults::settled(&visitor, name).await;
    }
    let owner = azure_simulator::seed::id_of("service-principal/owner");
    let owner = visitor.world().state.read(|draft| azure_simulator::directory::find(draft, owner)).unwrap();
    let vault = |name: &str| format!("/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}");
    visitor.give(&owner, SECRETS_OFFICER, &vault("kv-one"), Value::Null).await;
    let token = visitor.owner("https://vault.azure.net").await;
    for value in ["one", "two"] {
        let url = "https://kv-one.vault.azure.net/secrets/password?api-version=7.4";
        let set = visitor.send(&token, Method::PUT, url, json!({"value": value})).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    }
    visitor.arm(Method::DELETE, &vault("kv-two"), Value::Null).await;
    let kubelet = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    let kubelet = &kubelet["properties"]["identityProfile"]["kubeletidentity"]["objectId"];
    let kubelet = uuid::Uuid::parse_str(kubelet.as_str().unwrap()).unwrap();
    let kubelet = visitor.world().state.read(|draft| azure_simulator::directory::find(draft, kubelet)).unwrap();
    visitor.give(&kubelet, SECRETS_USER, &vault("kv-one"), Value::Null).await;
    visitor
}

#[tokio::test]
async fn two_worlds_with_the_same_in_them_look_the_same() {
    let picture = async |visitor: &Visitor| {
        let reply = visitor.control(Method::GET, "/world", Value::Null).await;
        reply.body.as_str().unwrap().to_owned()
    };
    let (one, other) = (furnished().await, furnished().await);
    let text = picture(&one).await;
    assert_eq!(text, picture(&other).await);
    insta::assert_snapshot!(text);
    assert!(!text.contains("two\n") && !text.contains("2026"), "no value and no time");
    one.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    assert!(picture(&one).await.contains("delete rg"), "{}", picture(&one).await);
}

#[tokio::test]
async fn pods_are_shown_by_their_workload() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let text = shop.visitor.control(Method::GET, "/world", Value::Null).await.body.as_str().unwrap().to_owned();
    let pods: Vec<&str> = text.lines().filter(|line| line.contains(ECHO)).collect();
    assert_eq!(pods, ["  shop default/web Running ready image echo:1"; 2], "{text}");
}

#[tokio::test]
async fn what_was_made_and_asked_is_counted() {
    let visitor = furnished().await;
    let again = visitor.arm(Method::PUT, CLUSTER, aks::body()).await;
    let busy = visitor.arm(Method::PUT, CLUSTER, aks::body()).await;
    assert_eq!(busy.code(), "OperationNotAllowed");
    visitor.advance(400);
    aks::done(&visitor, &again).await;
    let counts = visitor.control(Method::GET, "/creations", Value::Null).await.body;
    let of = |id: &str| counts[format!("{}{id}", visitor.subscription()).to_ascii_lowercase()].clone();
    assert_eq!(
        of(CLUSTER),
        json!({"made": 1, "asked": 2, "asked_again": 1, "deleted": 0, "operations": {"create": 1, "update": 1},
            "refused": {"OperationNotAllowed": 1}})
    );
    let group = of("/resourceGroups/rg");
    assert_eq!((&group["made"], &group["asked"]), (&json!(1), &group["asked"]), "{group}");
    let gone = of("/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-two");
    assert_eq!((&gone["made"], &gone["deleted"]), (&json!(1), &json!(1)), "{gone}");
}
