//! What the metadata service answers a machine, as the identities on it decide.
use azure_simulator::directory::{self, Principal};
use azure_simulator::machines::{self, Machine};
use azure_simulator::resources::{self, Resource};
use azure_simulator::state::StateError;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::visitor::Visitor;

const SET: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/nodes";

/// A node whose scale set has so many user-assigned identities.
async fn node(visitor: &Visitor, identities: usize) -> (Client, Vec<Principal>) {
    let world = visitor.world();
    let ids: Vec<Principal> = (0..identities)
        .map(|number| {
            let id = format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{number}");
            Principal::managed_identity(&format!("id-{number}"), &id, world.clock.now())
        })
        .collect();
    let machine = Machine::of_resource("node-1", SET);
    let assigned: serde_json::Map<String, Value> = ids
        .iter()
        .map(|one| (one.resource.clone().unwrap(), json!({"principalId": one.object_id, "clientId": one.app_id})))
        .collect();
    let set = json!({
        "id": SET, "name": "nodes", "type": "Microsoft.Compute/virtualMachineScaleSets",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": assigned},
    });
    world
        .state
        .change(|draft| {
            ids.iter().for_each(|one| directory::put(draft, one));
            machines::put(draft, &machine);
            resources::put(draft, &Resource::new(set));
            Ok::<_, StateError>(())
        })
        .await
        .unwrap();
    (visitor.client(&world.proxy_address(&machine.name, &machine.key)), ids)
}

async fn ask(client: &Client, more: &str) -> (StatusCode, Value) {
    let url = format!(
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net{more}"
    );
    let reply = client.get(url).header("Metadata", "true").send().await.unwrap();
    (reply.status(), reply.json().await.unwrap())
}

#[tokio::test]
async fn the_only_identity_is_the_default() {
    let visitor = Visitor::arrive().await;
    let (client, ids) = node(&visitor, 1).await;
    let (status, body) = ask(&client, "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["client_id"], json!(ids[0].app_id));
    for name in ["expires_in", "expires_on", "not_before", "resource", "token_type"] {
        assert!(body[name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn two_identities_are_too_many_unless_one_is_named() {
    let visitor = Visitor::arrive().await;
    let (client, ids) = node(&visitor, 2).await;
    let (status, body) = ask(&client, "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body,
        json!({"error": "invalid_request", "error_description": "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"})
    );
    let second = &ids[1];
    for more in [
        format!("&client_id={}", second.app_id.unwrap()),
        format!("&object_id={}", second.object_id),
        format!("&msi_res_id={}", second.resource.as_deref().unwrap()),
    ] {
        let (status, body) = ask(&client, &more).await;
        assert_eq!((status, &body["client_id"]), (StatusCode::OK, &json!(second.app_id)), "{more}");
    }
    let (status, body) = ask(&client, "&client_id=11111111-1111-1111-1111-111111111111").await;
    assert_eq!((status, &body["error_description"]), (StatusCode::BAD_REQUEST, &json!("Identity not found")));
}

#[tokio::test]
async fn without_the_header_nothing_is_answered() {
    let visitor = Visitor::arrive().await;
    let (client, _) = node(&visitor, 1).await;
    let url =
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
    assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_machine_gets_twenty_tokens_a_second() {
    let visitor = Visitor::arrive().await;
    let (client, _) = node(&visitor, 1).await;
    for _ in 0..20 {
        assert_eq!(ask(&client, "").await.0, StatusCode::OK);
    }
    let url =
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
    let full = client.get(url).header("Metadata", "true").send().await.unwrap();
    assert_eq!(full.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(full.headers()["retry-after"], "1");
    visitor.advance(1);
    assert_eq!(ask(&client, "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_machine_learns_what_it_is() {
    let visitor = Visitor::arrive().await;
    let (client, _) = node(&visitor, 1).await;
    let url = "http://169.254.169.254/metadata/instance?api-version=2021-02-01";
    let reply: Value = client.get(url).header("Metadata", "true").send().await.unwrap().json().await.unwrap();
    assert_eq!(reply["compute"]["vmScaleSetName"], "nodes");
    assert_eq!(reply["compute"]["resourceGroupName"], "g");
    assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_program_with_an_identity_endpoint_in_its_environment_gets_tokens_there() {
    let visitor = Visitor::arrive().await;
    let variables = visitor.simulator.ready()["managed_identity"].clone();
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = async |header: &str, query: &str| {
        let url = format!("{}?api-version=2019-08-01{query}", variables["IDENTITY_ENDPOINT"].as_str().unwrap());
        let reply = client.get(url).header("X-IDENTITY-HEADER", header).send().await.unwrap();
        (reply.status(), reply.json::<Value>().await.unwrap())
    };
    let header = variables["IDENTITY_HEADER"].as_str().unwrap();
    let (status, given) = ask(header, "&resource=https://vault.azure.net").await;
    assert_eq!((status, &given["resource"]), (StatusCode::OK, &json!("https://vault.azure.net")), "{given}");
    assert!(given["access_token"].is_string() && given["expires_on"].is_string());
    let (status, refused) = ask("portal.wrong", "&resource=https://vault.azure.net").await;
    assert_eq!((status, &refused["statusCode"]), (StatusCode::UNAUTHORIZED, &json!(401)));
    assert_eq!(ask(header, "").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask(header, "&resource=https://example.org").await.0, StatusCode::BAD_REQUEST);
}
