//! What a command line shows for whoever has signed in: taken once, while it is fresh, and where it is what it says.

use crate::support::bed::{Bed, both};
use crate::support::browser::{Browser, Seen, directory, enter_code};
use crate::support::portal::{Portal, facts};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn asked(address: &str, form: &[(&str, &str)]) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.post(address).form(form).send().await.unwrap().json().await.unwrap()
}

/// As the portal tells it.
async fn offered(portal: &Portal) -> Value {
    let told = Browser::on(&portal.router).get("/api/v1/sign-in").await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    serde_json::from_str::<Value>(&told.body).unwrap()["device"].clone()
}

/// The provider's token of this account.
async fn proof(portal: &Portal, account: &str) -> String {
    let offered = offered(portal).await;
    let text = |name: &str| offered[name].as_str().unwrap();
    let begin = [("client_id", text("client_id")), ("scope", text("scope"))];
    let code = asked(text("device_authorization_endpoint"), &begin).await;
    let part = |name: &str| code[name].as_str().unwrap();
    enter_code(part("verification_uri"), part("user_code"), account).await;
    let grant = [("grant_type", GRANT), ("client_id", text("client_id")), ("device_code", part("device_code"))];
    asked(text("token_endpoint"), &grant).await["id_token"].as_str().unwrap().to_owned()
}

async fn shown(portal: &Portal, proof: &str, name: &str) -> Seen {
    let body = json!({"id_token": proof, "name": name}).to_string();
    let request = Request::post("/api/v1/sign-in").header("content-type", "application/json");
    Browser::on(&portal.router).send(request.body(Body::from(body)).unwrap()).await
}

async fn me(portal: &Portal, token: &str) -> Seen {
    let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {token}"));
    Browser::on(&portal.router).send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_in_gets_one_token_with_their_own_roles_and_teams() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let proof = proof(&portal, "manager@contoso.example").await;
        let made = shown(&portal, &proof, "laptop").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        assert_eq!(made.header("cache-control"), "no-store");
        let made: Value = serde_json::from_str(&made.body).unwrap();
        assert_eq!((&made["name"], &made["owner"]), (&json!("laptop"), &json!("manager@contoso.example")));
        let token = made["token"].as_str().unwrap();
        let me: Value = serde_json::from_str(&me(&portal, token).await.body).unwrap();
        assert_eq!((&me["account"], &me["roles"]), (&json!("manager@contoso.example"), &json!(["manager"])));
        assert_eq!(me["teams"], json!(["payments"]));
        let again = shown(&portal, &proof, "laptop").await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
        // A week, as the configuration says it where it says nothing.
        portal.clock.advance(7 * 24 * 3_600_000 - 1_000);
        assert_eq!(self::me(&portal, token).await.status, StatusCode::OK);
        portal.clock.advance(2_000);
        assert_eq!(self::me(&portal, token).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_fresh_token_of_a_device_gives_none() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    for nothing in ["", "none", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0."] {
        assert_eq!(shown(&portal, nothing, "laptop").await.status, StatusCode::FORBIDDEN, "{nothing}");
    }
    let mut forged = proof(&portal, "member@contoso.example").await;
    let end = if forged.ends_with('A') { "Q" } else { "A" };
    forged.replace_range(forged.len() - 1.., end);
    assert_eq!(shown(&portal, &forged, "laptop").await.status, StatusCode::FORBIDDEN, "another signature");
    let fresh = proof(&portal, "member@contoso.example").await;
    let unnamed = shown(&portal, &fresh, " ").await;
    assert!(unnamed.status == StatusCode::UNPROCESSABLE_ENTITY && unnamed.body.contains("name"), "{}", unnamed.body);
    portal.clock.advance(11 * 60_000);
    let late = shown(&portal, &fresh, "laptop").await;
    assert!(late.status == StatusCode::FORBIDDEN && late.body.contains("older than ten minutes"), "{}", late.body);
}

/// One that was meant for the portal's own sign-in in a browser bears the nonce of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_sign_in_in_a_browser_gives_none() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let sign_in = &facts()["sign_in"];
    let text = |name: &str| sign_in[name].as_str().unwrap();
    let (issuer, client_id) = (text("issuer"), text("client_id"));
    let verifier = "a-verifier-of-at-least-forty-three-characters-long";
    let (back, challenge) = ("http://127.0.0.1:4170/sign-in/back", URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
    let leave = [
        ("client_id", client_id),
        ("redirect_uri", back),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("nonce", "n1"),
        ("code_challenge_method", "S256"),
        ("code_challenge", challenge.as_str()),
    ];
    let leave = url::Url::parse_with_params(&format!("{issuer}/authorize"), leave).unwrap();
    let returned = directory(leave.as_str(), "member@contoso.example").await;
    let code = returned.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id),
        ("client_secret", text("client_secret")),
        ("redirect_uri", back),
        ("code_verifier", verifier),
        ("code", code.as_str()),
    ];
    let tokens = asked(&format!("{issuer}/token"), &redeem).await;
    let seen = shown(&portal, tokens["id_token"].as_str().unwrap(), "laptop").await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.body);
}
