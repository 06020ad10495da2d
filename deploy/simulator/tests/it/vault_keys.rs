//! The keys of a vault: made there, wrapped and unwrapped with, and who may do which.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, StatusCode};
use rsa::{BigUint, Oaep, RsaPublicKey, rand_core::OsRng};
use serde_json::{Value, json};

use crate::vaults::{grant, settled};
use crate::visitor::{Reply, Visitor};

const CRYPTO_OFFICER: &str = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603";
const CRYPTO_USER: &str = "12338af0-0e69-4776-bea7-57ae8d297424";
const SERVICE_ENCRYPTION_USER: &str = "e147488a-f6f5-4113-8e2d-b22465e65bf6";

async fn ask(visitor: &Visitor, method: Method, path: &str, body: Value) -> Reply {
    let token = visitor.owner("https://vault.azure.net").await;
    visitor.send(&token, method, &format!("https://kv-one.vault.azure.net{path}?api-version=7.4"), body).await
}

async fn with_roles(roles: &[&str]) -> Visitor {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    for role in roles {
        grant(&visitor, "kv-one", role).await;
    }
    visitor.advance(30);
    visitor
}

#[tokio::test]
async fn what_was_wrapped_is_unwrapped_by_the_version_that_the_answer_names() {
    let visitor = with_roles(&[CRYPTO_OFFICER]).await;
    let body = json!({"kty": "RSA", "key_size": 2048, "tags": {"purpose": "seal"}});
    let made = ask(&visitor, Method::POST, "/keys/seal/create", body.clone()).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let key = &made.body["key"];
    let kid = key["kid"].as_str().unwrap();
    let version = kid.strip_prefix("https://kv-one.vault.azure.net/keys/seal/").unwrap();
    assert_eq!(version.len(), 32);
    assert_eq!((&key["kty"], &key["e"]), (&json!("RSA"), &json!("AQAB")));
    assert_eq!(key["key_ops"], json!(["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]));
    assert_eq!(made.body["attributes"]["recoveryLevel"], "CustomizedRecoverable+Purgeable");
    assert_eq!(made.body["tags"], json!({"purpose": "seal"}));
    assert!(key.get("d").is_none() && key.get("p").is_none(), "the private half stays");
    assert_eq!(ask(&visitor, Method::GET, "/keys/seal", Value::Null).await.body, made.body);

    // Wrapped by the vault, and by somebody who has nothing but the public half.
    let wrap = json!({"alg": "RSA-OAEP-256", "value": URL_SAFE_NO_PAD.encode([7_u8; 32])});
    let wrapped = ask(&visitor, Method::POST, &format!("/keys/seal/{version}/wrapkey"), wrap).await;
    assert_eq!((wrapped.status, &wrapped.body["kid"]), (StatusCode::OK, &key["kid"]), "{}", wrapped.body);
    let number = |name: &str| BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap());
    let public = RsaPublicKey::new(number("n"), number("e")).unwrap();
    let own = public.encrypt(&mut OsRng, Oaep::new::<sha2::Sha256>(), &[7; 32]).unwrap();

    // A newer version is the latest; the older one still opens what it has wrapped.
    let newer = ask(&visitor, Method::POST, "/keys/seal/create", body).await;
    assert_ne!(newer.body["key"]["kid"], key["kid"]);
    for value in [wrapped.body["value"].clone(), json!(URL_SAFE_NO_PAD.encode(own))] {
        let unwrap = json!({"alg": "RSA-OAEP-256", "value": value});
        let opened = ask(&visitor, Method::POST, &format!("/keys/seal/{version}/unwrapkey"), unwrap.clone()).await;
        assert_eq!(opened.body, json!({"kid": kid, "value": URL_SAFE_NO_PAD.encode([7_u8; 32])}));
        let other = newer.body["key"]["kid"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let closed = ask(&visitor, Method::POST, &format!("/keys/seal/{other}/unwrapkey"), unwrap).await;
        assert_eq!((closed.status, closed.code()), (StatusCode::BAD_REQUEST, "BadParameter"));
    }
    let missing = ask(&visitor, Method::GET, "/keys/other", Value::Null).await;
    assert_eq!((missing.status, missing.code()), (StatusCode::NOT_FOUND, "KeyNotFound"));
    let wrong = ask(&visitor, Method::POST, "/keys/ec/create", json!({"kty": "EC"})).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn each_role_does_what_it_names_and_no_more() {
    let visitor = with_roles(&[CRYPTO_OFFICER]).await;
    let only_wraps = json!({"kty": "RSA", "key_ops": ["wrapKey"]});
    let made = ask(&visitor, Method::POST, "/keys/seal/create", only_wraps).await;
    let version = made.body["key"]["kid"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let body = json!({"alg": "RSA-OAEP-256", "value": "AAAA"});
    let unwrapped = ask(&visitor, Method::POST, &format!("/keys/seal/{version}/unwrapkey"), body.clone()).await;
    assert_eq!(unwrapped.body["error"]["innererror"]["code"], "KeyOperationForbidden", "{}", unwrapped.body);

    for role in [CRYPTO_USER, SERVICE_ENCRYPTION_USER] {
        let visitor = with_roles(&[role]).await;
        let create = ask(&visitor, Method::POST, "/keys/seal/create", json!({"kty": "RSA"})).await;
        assert_eq!(create.body["error"]["innererror"]["code"], "ForbiddenByRbac");
        assert!(create.message().contains("Action: 'Microsoft.KeyVault/vaults/keys/create/action'"), "{}", create.body);
        // Past the role, there is no such key.
        for path in ["/keys/seal/0123/wrapkey", "/keys/seal/0123/unwrapkey"] {
            assert_eq!(ask(&visitor, Method::POST, path, body.clone()).await.code(), "KeyNotFound", "{path}");
        }
        assert_eq!(ask(&visitor, Method::GET, "/keys/seal", Value::Null).await.code(), "KeyNotFound");
    }
    // Whoever has the secrets has no key.
    let visitor = with_roles(&["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"]).await;
    let refused = ask(&visitor, Method::GET, "/keys/seal", Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
