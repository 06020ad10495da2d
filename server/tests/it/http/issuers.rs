//! Programs that show a token of another issuer: taken when all of it fits, and otherwise refused without a word why.

use super::tokens::call;
use crate::support::bed::{Bed, both};
use crate::support::portal::{Portal, control, facts};
use app::portal::Requests;
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::account::Role;
use domain::name::TeamName;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keystead::config::{Config, Issuer, Program};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio_util::task::AbortOnDropHandle;

const AUDIENCE: &str = "https://keystead.contoso.example";

/// An issuer on this machine, with keys that come and go.
struct Own {
    address: String,
    published: Arc<Mutex<Vec<Value>>>,
    _serving: AbortOnDropHandle<()>,
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn jwk(key: &KeyPair, kid: &str) -> Value {
    let point = key.public_key_raw();
    let part = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
    json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": part(1), "y": part(33)})
}

impl Own {
    async fn start(keys: Vec<Value>) -> Own {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let published = Arc::new(Mutex::new(keys));
        let (document, keys) = (json!({"issuer": address, "jwks_uri": format!("{address}/keys")}), published.clone());
        let router = axum::Router::new()
            .route("/.well-known/openid-configuration", axum::routing::get(move || async move { axum::Json(document) }))
            .route(
                "/keys",
                axum::routing::get(move || async move { axum::Json(json!({"keys": *keys.lock().unwrap()})) }),
            );
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Own { address, published, _serving: AbortOnDropHandle::new(serving) }
    }

    fn configured(&self, config: &mut Config) {
        let program = |subject: &str, name: &str, role| Program {
            app: None,
            subject: Some(subject.into()),
            name: name.into(),
            roles: vec![role],
            teams: vec![TeamName::parse("payments").unwrap()],
        };
        config.callers = vec![Issuer {
            issuer: self.address.clone(),
            audiences: vec![AUDIENCE.into()],
            tenant_id: None,
            algorithms: vec![Algorithm::ES256],
            roles: Default::default(),
            teams: Default::default(),
            programs: vec![
                program("repo:contoso/payments:*", "payments-pipeline", Role::Member),
                program("repo:contoso/boss", "boss", Role::Manager),
            ],
        }];
    }

    fn claims(&self, now: i64) -> Value {
        json!({
            "iss": self.address, "aud": AUDIENCE, "sub": "repo:contoso/payments:ref:refs/heads/main",
            "iat": now, "nbf": now, "exp": now + 600,
        })
    }
}

fn signed(key: &KeyPair, kid: &str, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::ES256) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap()).unwrap()
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_asks_with_no_secret_at_all_and_never_approves() {
    both(|bed| async move {
        let key = key();
        let own = Own::start(vec![json!({"kty": "unheard of", "kid": "x"}), jwk(&key, "one")]).await;
        let portal = Portal::configured(bed.store.clone(), |config| own.configured(config)).await;
        let member = portal.member().await;
        let token = signed(&key, "one", &own.claims(portal.now().0 / 1000));
        let form = json!({"name": "by-pipeline", "team": "payments", "region": "westeurope", "template": "load-test"});
        let sent = call(&portal, Method::POST, "/api/v1/requests", &token, Some(form)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert!(sent.body.contains("app:payments-pipeline"), "{}", sent.body);
        let theirs = portal.asked(&member, "of-a-person").await;
        let digest = json!({"digest": portal.service.request(&member, &theirs).await.unwrap().digest});
        let approval = format!("/api/v1/requests/{theirs}/approval");
        let boss = with(&own.claims(portal.now().0 / 1000), "sub", json!("repo:contoso/boss"));
        let boss = signed(&key, "one", &boss);
        for token in [&token, &boss] {
            let refused = call(&portal, Method::POST, &approval, token, Some(digest.clone())).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
            assert!(refused.body.contains("A program never approves"), "{}", refused.body);
        }
        // It makes no token for itself, and asks for none of a team's as a member of it.
        let more = call(&portal, Method::POST, "/api/v1/tokens", &token, Some(json!({"name": "x"}))).await;
        assert!(more.status == StatusCode::FORBIDDEN && more.body.contains("no tokens of its own"), "{}", more.body);
        let named = |config: &mut Config| {
            own.configured(config);
            config.tokens.may_approve = vec!["app:payments-pipeline".into()];
        };
        let portal = Portal::configured(bed.store.clone(), named).await;
        let approved = call(&portal, Method::POST, &approval, &token, Some(digest)).await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "the one that is named: {}", approved.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_does_not_fit_is_refused_alike() {
    let bed = Bed::sqlite().await;
    let (key, stranger) = (key(), key());
    let own = Own::start(vec![jwk(&key, "one")]).await;
    let portal = Portal::configured(bed.store.clone(), |config| own.configured(config)).await;
    let now = portal.now().0 / 1000;
    let good = own.claims(now);
    let taken = |claims: &Value| signed(&key, "one", claims);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let whole = taken(&good);
    let parts: Vec<&str> = whole.split('.').collect();
    let none = format!("{}.{}.", part(&json!({"alg": "none", "kid": "one"})), part(&good));
    let hs = Header { kid: Some("one".into()), ..Header::new(Algorithm::HS256) };
    let confused = jsonwebtoken::encode(&hs, &good, &EncodingKey::from_secret(key.public_key_raw())).unwrap();
    let no_kid = jsonwebtoken::encode(
        &Header::new(Algorithm::ES256),
        &good,
        &EncodingKey::from_ec_pem(key.serialize_pem().as_bytes()).unwrap(),
    );
    let changed = with(&good, "sub", json!("repo:contoso/boss"));
    let table = [
        ("signed by another key under the same id", signed(&stranger, "one", &good)),
        ("a key that nobody published", signed(&stranger, "two", &good)),
        ("no key named", no_kid.unwrap()),
        ("no signature", none),
        ("the public key as a shared secret", confused),
        ("other claims under the signature", format!("{}.{}.{}", parts[0], part(&changed), parts[2])),
        ("cut off", format!("{}.{}.", parts[0], parts[1])),
        ("half a token", parts[0].to_owned()),
        ("expired", taken(&with(&good, "exp", json!(now - 301)))),
        ("without an end", taken(&with(&good, "exp", Value::Null))),
        ("an end that is no number", taken(&with(&good, "exp", json!("never")))),
        ("not begun", taken(&with(&good, "nbf", json!(now + 301)))),
        ("another audience", taken(&with(&good, "aud", json!("https://elsewhere.contoso.example")))),
        ("no audience", taken(&with(&good, "aud", Value::Null))),
        ("another issuer", taken(&with(&good, "iss", json!("https://elsewhere.contoso.example")))),
        ("no issuer", taken(&with(&good, "iss", Value::Null))),
        ("a subject that is not named", taken(&with(&good, "sub", json!("repo:contoso/payments-evil:x")))),
        ("no subject", taken(&with(&good, "sub", Value::Null))),
        ("for a person", taken(&with(&good, "scp", json!("user_impersonation")))),
        ("an identity token", taken(&with(&good, "nonce", json!("n")))),
        ("a person's", taken(&with(&good, "idtyp", json!("user")))),
        ("too long", taken(&with(&good, "more", json!("x".repeat(20_000))))),
    ];
    let mut said = std::collections::BTreeSet::new();
    for (what, token) in table {
        let seen = call(&portal, Method::GET, "/api/v1/environments", &token, None).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{what}: {}", seen.body);
        said.insert(seen.body);
    }
    assert_eq!(said.len(), 1, "nobody learns which check it was: {said:?}");
    for (what, claims) in [
        ("as it is", good.clone()),
        ("over for less than the clocks may differ", with(&good, "exp", json!(now - 299))),
        ("yet to begin by less", with(&good, "nbf", json!(now + 299))),
        ("one audience of several", with(&good, "aud", json!(["x", AUDIENCE]))),
        ("another branch", with(&good, "sub", json!("repo:contoso/payments:pull_request"))),
    ] {
        let seen = call(&portal, Method::GET, "/api/v1/environments", &taken(&claims), None).await;
        assert_eq!(seen.status, StatusCode::OK, "{what}: {}", seen.body);
    }
    // A program that is marked as having left is let in no more.
    let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
    let id = domain::account::AccountId("app:payments-pipeline".into());
    app::portal::People::mark_left(&*portal.service, &engineer, &id).await.unwrap();
    assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &whole, None).await.status, 401);
}

/// Keys change: a token of a new one makes us read them anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_looked_for_where_it_is_not_known() {
    let bed = Bed::sqlite().await;
    let (first, second) = (key(), key());
    let own = Own::start(vec![jwk(&first, "one")]).await;
    let portal = Portal::configured(bed.store.clone(), |config| own.configured(config)).await;
    let before = signed(&first, "one", &own.claims(portal.now().0 / 1000));
    assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &before, None).await.status, 200);
    *own.published.lock().unwrap() = vec![jwk(&second, "two")];
    let token = signed(&second, "two", &own.claims(portal.now().0 / 1000));
    assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &token, None).await.status, 200);
    assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &before, None).await.status, 401, "its key is gone");
}

/// As Microsoft Entra ID gives them: client credentials, with app roles that an administrator has assigned.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_the_directory_is_what_its_app_roles_make_of_it() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| {
        let client = config.sign_in.client_id.clone();
        let team = TeamName::parse("payments").unwrap();
        config.callers = vec![Issuer {
            issuer: entra(),
            audiences: vec![client],
            tenant_id: Some(facts()["azure"]["tenant_id"].as_str().unwrap().to_owned()),
            algorithms: vec![Algorithm::RS256],
            roles: [("member".to_owned(), Role::Member)].into(),
            teams: [("team.payments".to_owned(), vec![team])].into(),
            programs: Vec::new(),
        }];
    })
    .await;
    let client = facts()["sign_in"]["client_id"].as_str().unwrap();
    let token = client_credentials(client).await;
    let seen = call(&portal, Method::GET, "/api/v1/environments", &token, None).await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "without a role: {}", seen.body);
    control("/roles", &json!({"application": client, "roles": ["member", "team.payments", "of another kind"]})).await;
    let token = client_credentials(client).await;
    let form = json!({"name": "by-app", "team": "payments", "region": "westeurope", "template": "load-test"});
    let sent = call(&portal, Method::POST, "/api/v1/requests", &token, Some(form)).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    assert!(sent.body.contains(&format!("app:{client}")), "{}", sent.body);
    control("/roles", &json!({"application": client, "roles": []})).await;
}

fn entra() -> String {
    format!("https://login.microsoftonline.com/{}/v2.0", facts()["azure"]["tenant_id"].as_str().unwrap())
}

/// A token of the application for itself, by its secret.
async fn client_credentials(client: &str) -> String {
    let config = tokio::task::spawn_blocking(crate::support::portal::config).await.unwrap();
    let http = keystead::http::client(&config.azure).unwrap();
    let secret = facts()["sign_in"]["client_secret"].as_str().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("scope", &format!("api://{client}/.default")),
    ];
    let place = format!("{}/oauth2/v2.0/token", entra().trim_end_matches("/v2.0"));
    let answer: Value = http.post(place).form(&form).send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
