//! What a client meets that knows Azure by loopback addresses, and no proxy.
use std::net::SocketAddr;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::Visitor;

/// A client without a proxy; the names of vaults lead to this machine, as `*.localhost` does.
fn client(visitor: &Visitor, vault: &str) -> Client {
    let ca = std::fs::read(visitor.folder.path().join("ca.pem")).unwrap();
    Client::builder()
        .no_proxy()
        .tls_certs_merge([reqwest::Certificate::from_pem(&ca).unwrap()])
        .resolve(&format!("{vault}.vault.localhost"), SocketAddr::from(([127, 0, 0, 1], 0)))
        .build()
        .unwrap()
}

fn address(visitor: &Visitor, service: &str) -> String {
    visitor.simulator.ready()["loopback"][service].as_str().unwrap().to_owned()
}

async fn json(reply: reqwest::Response) -> Value {
    reply.json().await.unwrap()
}

/// A token for what `scope` names, asked for as a client would that has read the metadata.
async fn token(visitor: &Visitor, client: &Client, scope: &str) -> String {
    let exports = azure_simulator::folder::exports(visitor.world());
    let login = address(visitor, "login");
    let discovery = format!("{login}/{}/v2.0/.well-known/openid-configuration", visitor.world().tenant);
    let discovery = json(client.get(discovery).send().await.unwrap()).await;
    let endpoint = discovery["token_endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with(&login), "{endpoint}");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", exports["AZURE_CLIENT_ID"].as_str().unwrap()),
        ("client_secret", exports["AZURE_CLIENT_SECRET"].as_str().unwrap()),
        ("scope", &format!("{scope}/.default")),
    ];
    let answer = json(client.post(endpoint).form(&form).send().await.unwrap()).await;
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test]
async fn the_metadata_of_the_cloud_lead_to_every_service_here() {
    let visitor = Visitor::arrive().await;
    let client = client(&visitor, "none");
    let manager = address(&visitor, "resource_manager");
    let cloud = |version: &str| {
        let asked = client.get(format!("{manager}/metadata/endpoints?api-version={version}")).send();
        async { json(asked.await.unwrap()).await }
    };
    let one = cloud("2022-09-01").await;
    assert_eq!(one["resourceManager"], format!("{manager}/"));
    assert_eq!(one["authentication"]["loginEndpoint"], address(&visitor, "login"));
    assert_eq!(one["microsoftGraphResourceId"], format!("{}/", address(&visitor, "graph")));
    let vaults = format!("https://*.{}", one["suffixes"]["keyVaultDns"].as_str().unwrap());
    assert_eq!(vaults, address(&visitor, "vaults"));
    assert_eq!(cloud("2019-05-01").await[0], one);
    assert!(cloud("2015-01-01").await["authentication"]["audiences"].is_array());
    // Behind the proxy everything has Azure's names.
    let azure = visitor.anybody().get("https://management.azure.com/metadata/endpoints?api-version=2022-09-01");
    let azure = json(azure.send().await.unwrap()).await;
    assert_eq!(azure["resourceManager"], "https://management.azure.com/");
    assert_eq!(azure["suffixes"]["keyVaultDns"], "vault.azure.net");
}

#[tokio::test]
async fn tokens_vaults_and_graph_are_asked_without_a_proxy() {
    let visitor = Visitor::arrive().await;
    crate::vaults::settled(&visitor, "kv-one").await;
    let client = client(&visitor, "kv-one");
    let manager = address(&visitor, "resource_manager");
    let bearer = token(&visitor, &client, &manager).await;
    let list = format!("{manager}{}/resources?api-version=2021-04-01", visitor.subscription());
    let list = json(client.get(list).bearer_auth(&bearer).send().await.unwrap()).await;
    let id = list["value"][0]["id"].as_str().unwrap().to_owned();
    let vault = format!("{manager}{id}?api-version=2023-07-01");
    let vault = json(client.get(vault).bearer_auth(&bearer).send().await.unwrap()).await;
    let uri = vault["properties"]["vaultUri"].as_str().unwrap();
    assert_eq!(uri, format!("{}/", address(&visitor, "vaults").replace('*', "kv-one")));

    let url = format!("{uri}secrets/word?api-version=7.4");
    let challenged = client.get(&url).send().await.unwrap();
    assert_eq!(challenged.status(), StatusCode::UNAUTHORIZED);
    let challenge = challenged.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let (authorization, resource) = challenge.split_once(", ").unwrap();
    assert!(authorization.contains(&address(&visitor, "login")), "{challenge}");
    let resource = resource.trim_start_matches("resource=\"").trim_end_matches('"');
    let bearer = token(&visitor, &client, resource).await;
    let refused = client.get(&url).bearer_auth(&bearer).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(json(refused).await["error"]["innererror"]["code"], "ForbiddenByRbac");

    let graph = address(&visitor, "graph");
    let bearer = token(&visitor, &client, &graph).await;
    let page = json(client.get(format!("{graph}/v1.0/users?$top=2")).bearer_auth(&bearer).send().await.unwrap()).await;
    assert!(page["@odata.nextLink"].as_str().unwrap().starts_with(&graph), "{page}");
}

#[tokio::test]
async fn a_proxy_that_is_asked_for_a_vaults_loopback_name_leads_there() {
    let visitor = Visitor::arrive().await;
    crate::vaults::settled(&visitor, "kv-one").await;
    let uri = address(&visitor, "vaults").replace('*', "kv-one");
    let reply = visitor.anybody().get(format!("{uri}/secrets?api-version=7.4")).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    let elsewhere = address(&visitor, "graph").replace("127.0.0.1", "kv-one.vault.localhost");
    assert!(visitor.anybody().get(elsewhere).send().await.is_err());
}

#[tokio::test]
async fn a_vault_that_is_not_there_has_no_name_here_either() {
    let visitor = Visitor::arrive().await;
    let client = client(&visitor, "kv-none");
    let uri = address(&visitor, "vaults");
    let nobody = client.get(uri.replace('*', "kv-none")).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::BAD_GATEWAY);
    let nameless = client.get(uri.replace("*.vault.localhost", "127.0.0.1")).send().await.unwrap();
    assert_eq!(nameless.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_fault_hits_azures_name_whichever_way_it_is_asked() {
    let visitor = Visitor::arrive().await;
    let body = json!({"host": "management.azure.com", "status": 503, "code": "ServerBusy", "message": "later"});
    visitor.control(Method::POST, "/faults", body).await;
    let url = format!("{}/subscriptions?api-version=2022-12-01", address(&visitor, "resource_manager"));
    let reply = client(&visitor, "none").get(url).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);
}
