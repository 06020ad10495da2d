//! A registry's login server, as those ask it who would pull from it.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Reply, Visitor};

const HOST: &str = "https://shop42.azurecr.io";
const ID: &str = "/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/shop42";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

async fn with_registry(anonymous: bool) -> Visitor {
    let visitor = Visitor::arrive().await;
    let image = ("shop42.azurecr.io/team/web:1".to_owned(), "/bin/true".to_owned());
    azure_simulator::kubernetes::pods::image::write(visitor.folder.path(), [image]).unwrap();
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerRegistry/register", Value::Null).await;
    visitor.advance(60);
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}, "properties": {"anonymousPullEnabled": anonymous}});
    let made = crate::visitor::eventually(|| async {
        let made = visitor.arm(Method::PUT, ID, body.clone()).await;
        (made.code() != "MissingSubscriptionRegistration").then_some(made)
    })
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    visitor
}

async fn get(visitor: &Visitor, token: &str, path: &str) -> Reply {
    visitor.send(token, Method::GET, &format!("{HOST}{path}"), Value::Null).await
}

async fn post(visitor: &Visitor, path: &str, form: &[(&str, &str)]) -> Value {
    let reply = visitor.anybody().post(format!("{HOST}{path}")).form(form).send().await.unwrap();
    reply.json().await.unwrap()
}

/// What `az acr login` and a node do: a token of Entra, one that refreshes, one that gives access.
async fn access(visitor: &Visitor, entra: &str, scope: &str) -> String {
    let exchanged = post(
        visitor,
        "/oauth2/exchange",
        &[("grant_type", "access_token"), ("service", "shop42.azurecr.io"), ("access_token", entra)],
    )
    .await;
    let refresh = exchanged["refresh_token"].as_str().unwrap_or_else(|| panic!("{exchanged}"));
    let form = [
        ("grant_type", "refresh_token"),
        ("service", "shop42.azurecr.io"),
        ("scope", scope),
        ("refresh_token", refresh),
    ];
    post(visitor, "/oauth2/token", &form).await["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_registry_has_a_name_from_its_making_and_says_where_to_sign_in() {
    let empty = Visitor::arrive().await;
    assert!(empty.anybody().get(format!("{HOST}/v2/")).send().await.is_err());
    let visitor = with_registry(false).await;
    let challenged = get(&visitor, "", "/v2/").await;
    assert_eq!(
        (challenged.status, &challenged.body["errors"][0]["code"]),
        (StatusCode::UNAUTHORIZED, &json!("UNAUTHORIZED"))
    );
    let challenge = challenged.header("www-authenticate");
    assert_eq!(challenge, "Bearer realm=\"https://shop42.azurecr.io/oauth2/token\",service=\"shop42.azurecr.io\"");
    assert_eq!(challenged.header("docker-distribution-api-version"), "registry/2.0");
    let images = get(&visitor, "", "/v2/team/web/manifests/1").await;
    assert!(images.header("www-authenticate").contains("scope=\"repository:team/web:pull\""));
}

#[tokio::test]
async fn who_may_pull_finds_the_images_and_who_may_not_finds_none() {
    let visitor = with_registry(false).await;
    let scope = "repository:team/web:pull";
    let fresh = visitor.newcomer().await;
    let entra = visitor.token_of(&fresh);
    let token = access(&visitor, &entra, scope).await;
    assert_eq!(get(&visitor, &token, "/v2/team/web/manifests/1").await.status, StatusCode::UNAUTHORIZED);
    visitor.give(&fresh, ACR_PULL, ID, Value::Null).await;
    let manifest = get(&visitor, &token, "/v2/team/web/manifests/1").await;
    assert_eq!(manifest.status, StatusCode::OK, "{}", manifest.body);
    let by_digest = format!("/v2/team/web/manifests/{}", manifest.header("docker-content-digest"));
    assert_eq!(get(&visitor, &token, &by_digest).await.body, manifest.body);
    let blob = format!("/v2/team/web/blobs/{}", manifest.body["config"]["digest"].as_str().unwrap());
    assert_eq!(get(&visitor, &token, &blob).await.body, json!({}));
    assert_eq!(get(&visitor, &token, "/v2/team/web/tags/list").await.body["tags"], json!(["1"]));
    let unknown = get(&visitor, &token, "/v2/team/web/manifests/2").await;
    assert_eq!(
        (unknown.status, &unknown.body["errors"][0]["code"]),
        (StatusCode::NOT_FOUND, &json!("MANIFEST_UNKNOWN"))
    );
    assert_eq!(get(&visitor, &token, "/v2/_catalog").await.status, StatusCode::UNAUTHORIZED);
    let catalogue = access(&visitor, &entra, "registry:catalog:*").await;
    assert_eq!(get(&visitor, &catalogue, "/v2/_catalog").await.body["repositories"], json!(["team/web"]));
    let pushed = visitor.send(&token, Method::PUT, &format!("{HOST}/v2/team/web/manifests/2"), json!({})).await;
    assert_eq!(
        (pushed.status, &pushed.body["errors"][0]["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &json!("UNSUPPORTED"))
    );
}

#[tokio::test]
async fn where_everybody_may_pull_nobody_has_to_sign_in() {
    let visitor = with_registry(true).await;
    let token = get(&visitor, "", "/oauth2/token?service=shop42.azurecr.io&scope=repository:team/web:pull").await;
    let token = token.body["access_token"].as_str().unwrap();
    assert_eq!(get(&visitor, token, "/v2/team/web/manifests/1").await.status, StatusCode::OK);
    assert_eq!(get(&visitor, "no token", "/v2/team/web/manifests/1").await.status, StatusCode::UNAUTHORIZED);
    let wrong = post(&visitor, "/oauth2/exchange", &[("access_token", token)]).await;
    assert_eq!(wrong["errors"][0]["code"], "UNAUTHORIZED");
}
