//! Who we are, and what is said when nobody tells.
use crate::stage::{Stage, ok, refusal, token};
use azure::{Azure, Config, CredentialKind, Kind};
use serde_json::json;
use url::Url;
use wiremock::ResponseTemplate;

#[tokio::test]
async fn a_machine_with_an_identity_is_asked_once_and_known_by_its_claims() {
    let stage = Stage::with_identity().await;
    let azure = stage.azure();
    assert_eq!(azure.signed_in_by(), None);
    let (first, second) = tokio::join!(azure.me(), azure.me());
    let me = first.unwrap();
    assert_eq!(me, second.unwrap());
    assert_eq!((me.object_id.as_str(), me.client_id.as_deref(), me.tenant_id.as_str()), ("o-1", Some("a-1"), "t-1"));
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
    assert_eq!(stage.arrived().await.len(), 1, "one token for all who waited");
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_used_to_its_end_where_it_cannot_be() {
    let stage = Stage::bare().await;
    let soon = jiff::Timestamp::now().as_second() + 200;
    let mut ending = token();
    ending["expires_on"] = json!(soon.to_string());
    stage.identity_answers(ok(ending)).await;
    let azure = stage.azure();
    let list = "/subscriptions/s-1/resourceGroups";
    stage.answer("GET", list, 3, ok(json!({"value": []}))).await;
    azure.arm().list(list, None).await.unwrap();

    stage.identity_answers(refusal(500, "", "the endpoint restarts")).await;
    azure.arm().list(list, None).await.unwrap();

    let mut renewed = token();
    renewed["access_token"] = json!("renewed");
    stage.identity_answers(ok(renewed)).await;
    azure.arm().list(list, None).await.unwrap();
    let sent: Vec<_> =
        stage.arrived().await.into_iter().filter(|(_, path, _)| path == list).map(|(.., token)| token).collect();
    assert_eq!(sent[0], sent[1], "while the old token holds it is used");
    assert_eq!(sent[2], "Bearer renewed");
}

#[tokio::test]
async fn two_identities_on_a_machine_are_told_in_the_endpoints_own_words() {
    let stage = Stage::bare().await;
    let words = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request";
    let answer = json!({"error": "invalid_request", "error_description": words});
    stage.identity_answers(ResponseTemplate::new(400).set_body_json(answer)).await;
    let error = stage.azure().me().await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.message()), (Kind::Denied, "invalid_request", words));
    assert_eq!(error.method(), "SIGN-IN");
}

#[tokio::test]
async fn where_no_way_is_open_every_way_that_was_tried_is_named() {
    let stage = Stage::bare().await;
    stage.identity_answers(refusal(502, "", "no such host")).await;
    let config = Config { credential: CredentialKind::Auto, ..stage.config() };
    let error = Azure::connect(config).unwrap().me().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "NoCredential"));
    for way in ["workload identity", "managed identity", "Azure command line"] {
        assert!(error.message().contains(way), "{way}: {error}");
    }
}

#[tokio::test]
async fn a_machine_that_is_there_is_found_without_being_named() {
    let stage = Stage::with_identity().await;
    stage.identity_answers(refusal(400, "bad_request_102", "Required metadata header not specified")).await;
    let config = Config { credential: CredentialKind::Auto, ..stage.config() };
    let azure = Azure::connect(config).unwrap();
    assert_eq!(azure.me().await.unwrap().object_id, "o-1");
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_told_without_its_key() {
    let stage = Stage::bare().await;
    let mut proxy = Url::parse("http://127.0.0.1:9").unwrap();
    proxy.set_username("portal").unwrap();
    proxy.set_password(Some("hunter2")).unwrap();
    let config = Config { proxy: Some(proxy), ..stage.config() };
    let azure = Azure::connect(config).unwrap();
    let error = azure.me().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_at_once() {
    let stage = Stage::bare().await;
    let none = Config { subscription_id: String::new(), ..stage.config() };
    let missing = Config { extra_ca: Some("/nowhere/ca.pem".into()), ..stage.config() };
    let mut open = stage.config();
    open.cloud.arm = Url::parse("http://management.azure.com").unwrap();
    for (config, says) in [(none, "subscription"), (missing, "/nowhere/ca.pem"), (open, "not https")] {
        let error = Azure::connect(config).err().unwrap();
        assert!(error.to_string().contains(says), "{error}");
    }
}
