//! The page that people look at while they learn: what it shows, and what it never shows.
use azure_simulator::faults::Fault;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::vaults;
use crate::visitor::Visitor;

const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

async fn page(visitor: &Visitor, path: &str) -> String {
    let shown = visitor.anybody().get(format!("http://control.simulator{path}")).send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::OK);
    shown.text().await.unwrap()
}

#[tokio::test]
async fn an_empty_world_says_what_will_show() {
    let visitor = Visitor::arrive().await;
    let shown = page(&visitor, "/").await;
    for text in [
        "No operation is in flight.",
        "Nobody has asked anything yet.",
        "2026-11-23 09:00:00 UTC",
        "as long as on Azure",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("Faults that wait"));
    // The same at the door's own address.
    let address = format!("http://127.0.0.1:{}/", visitor.world().door_port);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let direct = client.get(address).send().await.unwrap();
    let policy = direct.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(direct.text().await.unwrap().starts_with("<!doctype html>"));
    assert!(page(&visitor, "/style.css").await.contains("light-dark("));
    assert!(page(&visitor, "/page.js").await.contains("DOMParser"));
}

#[tokio::test]
async fn resources_operations_faults_and_requests_are_shown() {
    let visitor = Visitor::arrive().await;
    vaults::settled(&visitor, "kv-one").await;
    vaults::grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    let token = visitor.owner("https://vault.azure.net").await;
    let url = "https://kv-one.vault.azure.net/secrets/password?api-version=7.4&at=somewhere";
    let set = visitor.send(&token, Method::PUT, url, json!({"value": "correct horse battery"})).await;
    assert_eq!(set.status, StatusCode::OK);
    visitor.arm(Method::PUT, "/resourceGroups/<b>", json!({"location": "westeurope"})).await;
    visitor.arm(Method::PUT, "/resourceGroups/other", json!({"location": "westeurope"})).await;
    visitor.arm(Method::DELETE, "/resourceGroups/other", Value::Null).await;
    visitor.advance(6);
    let throttled =
        Fault { status: Some(429), code: "TooMany".into(), path: Some("/nowhere".into()), ..Fault::default() };
    visitor.world().faults.add(throttled);

    let shown = page(&visitor, "/").await;
    for text in [
        "kv-one",
        "<b>kv-one.vault.azure.net</b>/secrets/password",
        "subscription-owner",
        "<progress max=\"100\" value=\"40\">",
        "9.0 s left",
        "Deleting",
        "429 TooMany",
        "/nowhere",
        "waits, 1 ×",
        "Secrets, by name",
        "Key Vault Secrets Officer to subscription-owner",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    // What somebody chose is text, and what is secret is nowhere.
    assert!(!shown.contains("/<b>"), "{shown}");
    let exports = azure_simulator::folder::exports(visitor.world());
    let ready = visitor.simulator.ready();
    let proxy = ready["azure"]["proxy"].as_str().unwrap().split('@').next().unwrap().rsplit(':').next().unwrap();
    let secrets = [
        "correct horse battery",
        "at=somewhere",
        token.as_str(),
        exports["AZURE_CLIENT_SECRET"].as_str().unwrap(),
        ready["sign_in"]["client_secret"].as_str().unwrap(),
        proxy,
    ];
    for secret in secrets {
        assert!(secret.len() > 5 && !shown.contains(secret), "{secret}: {shown}");
    }
}
