//! Who we are, and what is said when nobody tells.
use crate::{
    rehearsal::{Rehearsal, known, on},
    stage::provide_tls,
};
use azure::{Azure, Config, CredentialKind, Kind, ResourceId};
use azure_simulator::{
    directory,
    faults::{Drop, Fault},
};
use jiff::{SignedDuration, Timestamp};
use url::Url;

const METADATA: &str = "/metadata/identity/oauth2/token";

fn as_machine(rehearsal: &Rehearsal) -> Azure {
    let credential = CredentialKind::ManagedIdentity { client_id: None };
    Azure::connect(Config { credential, ..rehearsal.config() }).unwrap()
}

#[tokio::test]
async fn a_machine_with_an_identity_is_asked_once_and_known_by_its_claims() {
    let rehearsal = Rehearsal::start().await;
    let azure = as_machine(&rehearsal);
    assert_eq!(azure.signed_in_by(), None);
    let (first, second) = tokio::join!(azure.me(), azure.me());
    let me = first.unwrap();
    assert_eq!(me, second.unwrap());
    let world = rehearsal.simulator.world();
    let known = world.state.read(|draft| directory::find(draft, me.object_id.parse().unwrap())).unwrap();
    assert_eq!((known.name.as_str(), known.app_id.map(|id| id.to_string())), ("keystead-portal", me.client_id));
    assert_eq!(me.tenant_id, world.tenant.to_string());
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
    assert_eq!(rehearsal.answered("GET", METADATA), [200], "one token for all who waited");
    rehearsal.end().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_used_to_its_end_where_it_cannot_be() {
    // So long ago that a token of then has little more than three minutes left.
    let rehearsal = Rehearsal::start_at(Timestamp::now() - SignedDuration::from_secs(3599 - 200)).await;
    let azure = as_machine(&rehearsal);
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    let look = async || azure.arm().get(&group).await.unwrap();
    look().await;

    for refusal in [known("metadata-updating"), Fault { drop: Some(Drop::Before), ..on("GET", METADATA) }] {
        rehearsal.goes_wrong(refusal);
        look().await;
    }
    assert_eq!(rehearsal.answered("GET", METADATA), [200, 410, 0]);
    assert_eq!(rehearsal.answered("GET", &group), [404; 3], "while the old token holds it is used");

    rehearsal.simulator.world().clock.set(Timestamp::now());
    look().await;
    look().await;
    assert_eq!(rehearsal.answered("GET", METADATA), [200, 410, 0, 200], "the new one is kept");
    rehearsal.end().await;
}

#[tokio::test]
async fn two_identities_on_a_machine_are_told_in_the_endpoints_own_words() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.goes_wrong(known("metadata-several-identities"));
    let error = as_machine(&rehearsal).me().await.unwrap_err();
    let words = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request";
    assert_eq!((error.kind(), error.code(), error.message()), (Kind::Denied, "invalid_request", words));
    assert_eq!(error.method(), "SIGN-IN");
    rehearsal.end().await;
}

#[tokio::test]
async fn where_no_way_is_open_every_way_that_was_tried_is_named() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.goes_wrong(Fault { drop: Some(Drop::Before), ..on("GET", METADATA) });
    let error = rehearsal.azure().me().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "NoCredential"));
    for way in ["workload identity", "managed identity", "Azure command line"] {
        assert!(error.message().contains(way), "{way}: {error}");
    }
    assert_eq!(rehearsal.answered("GET", METADATA), [0]);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_machine_that_is_there_is_found_without_being_named() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.goes_wrong(known("metadata-header-missing"));
    let azure = rehearsal.azure();
    azure.me().await.unwrap();
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
    assert_eq!(rehearsal.answered("GET", METADATA), [400, 200]);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_machine_whose_identities_are_being_renewed_is_there_all_the_same() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.goes_wrong(Fault { times: 2, ..known("metadata-updating") });
    let azure = rehearsal.azure();
    let error = azure.me().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable, "come back later: {error}");
    azure.me().await.unwrap();
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
    rehearsal.end().await;
}

/// Nothing listens there.
fn nowhere() -> Config {
    let proxy = Some(Url::parse("http://portal:hunter2@127.0.0.1:9").unwrap());
    let credential = CredentialKind::ManagedIdentity { client_id: None };
    Config { subscription_id: "s-1".to_owned(), proxy, credential, ..Config::default() }
}

#[tokio::test]
async fn a_proxy_that_is_gone_is_told_without_its_key() {
    provide_tls();
    let error = Azure::connect(nowhere()).unwrap().me().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_at_once() {
    provide_tls();
    let none = Config { subscription_id: String::new(), ..nowhere() };
    let missing = Config { extra_ca: Some("/nowhere/ca.pem".into()), ..nowhere() };
    let mut open = nowhere();
    open.cloud.arm = Url::parse("http://management.azure.com").unwrap();
    for (config, says) in [(none, "subscription"), (missing, "/nowhere/ca.pem"), (open, "not https")] {
        let error = Azure::connect(config).err().unwrap();
        assert!(error.to_string().contains(says), "{error}");
    }
}
