//! What the web app says of itself while its world changes around it.
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{Place, SECRETS};

fn no_value_in(text: &str, place: &Place) {
    for value in place.values() {
        assert!(!text.contains(&value), "a secret's value is in {text}");
    }
}

fn ready(report: &Value) -> bool {
    report["ready"] == true
}

#[tokio::test]
async fn it_needs_nothing_but_the_vaults_name() {
    let place = Place::new().await;
    let app = place.start().await;
    let report = app.report("it is ready", ready).await;
    assert_eq!(report["identity"]["kind"], "managed_identity");
    assert_eq!(report["identity"]["object_id"], json!(place.identity.object_id));
    assert_eq!(report["identity"]["client_id"], json!(place.identity.app_id));
    assert_eq!(report["vault"], "https://kv-webapp.vault.azure.net/");
    for name in SECRETS {
        assert_eq!(report["secrets"]["versions"][name].as_str().unwrap().len(), 32, "{report}");
    }
    assert_eq!((&report["login"]["succeeded"], &report["cause"]), (&json!(true), &Value::Null));
    no_value_in(&report.to_string(), &place);

    let (status, page) = app.page("/").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("This app reaches its database") && page.contains("PostgreSQL 16"), "{page}");
    no_value_in(&page, &place);
    assert_eq!(app.page("/healthz").await, (StatusCode::OK, "alive\n".to_owned()));
    assert_eq!(app.page("/readyz").await.0, StatusCode::NOT_FOUND);
    assert_eq!(app.readyz("?fresh").await.0, StatusCode::OK);
    no_value_in(&app.stop().await, &place);
}

#[tokio::test]
async fn it_follows_a_changed_password_without_a_restart() {
    let place = Place::new().await;
    let app = place.start().await;
    let before = app.report("it is ready", ready).await;
    let password = "Webapp-DB-Server-UserPassword";
    let version = |report: &Value| report["secrets"]["versions"][password].clone();

    // A wrong word in the vault is not taken while the old one opens the database.
    place.write_secret(password, "mistyped").await;
    let warned = app.report("it warns", |report| !report["warning"].is_null()).await;
    assert!(ready(&warned), "{warned}");
    assert_eq!(version(&warned), version(&before));
    assert!(warned["warning"]["message"].as_str().unwrap().contains("not yet in use"), "{warned}");

    place.alter_password("changed").await;
    place.write_secret(password, "changed").await;
    let after = app.report("it uses the new one", |report| ready(report) && version(report) != version(&before)).await;
    assert_eq!(after["warning"], Value::Null);
    assert_eq!(app.page("/").await.0, StatusCode::OK);

    // Nobody told the vault: the database's own words are the cause, without the user's name.
    place.alter_password("another").await;
    let refused = app.report("it is refused", |report| !ready(report)).await;
    assert_eq!(refused["cause"]["stage"], "database");
    assert_eq!(refused["cause"]["code"], "28P01");
    assert_eq!(
        refused["cause"]["message"],
        "log into the database: the server answered: password authentication failed for user \"[Webapp-DB-Server-Username]\""
    );
    assert_eq!(app.readyz("").await.0, StatusCode::SERVICE_UNAVAILABLE);
    no_value_in(&app.stop().await, &place);
}

#[tokio::test]
async fn a_second_identity_on_the_machine_is_told_in_the_endpoints_own_words() {
    let place = Place::new().await;
    let app = place.start().await;
    app.report("it is ready", ready).await;
    place.add_identity_to_machine().await;
    // The token that it has is still good, so a probe stays content; a proof asks for a new one.
    assert_eq!(app.readyz("").await.0, StatusCode::OK);
    let (status, report) = app.readyz("?fresh").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&report["cause"]["stage"], &report["cause"]["code"]), (&json!("identity"), &json!("invalid_request")));
    let message = report["cause"]["message"].as_str().unwrap();
    assert!(message.ends_with("Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"), "{message}");
    no_value_in(&report.to_string(), &place);

    // Without any identity the app looks for a signed-in command line, and there is none here either.
    place.take_identities_from_machine().await;
    let (_, report) = app.readyz("?fresh").await;
    let message = report["cause"]["message"].as_str().unwrap();
    assert!(message.ends_with("the token endpoint answered 400: Identity not found"), "{message}");
}
