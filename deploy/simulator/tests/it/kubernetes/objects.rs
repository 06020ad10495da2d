//! What the API says of objects: as it happens, and where they are refused.
use std::time::Duration;

use futures::{AsyncBufReadExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, LogParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::{ECHO, Shop, web, within};

#[tokio::test]
async fn a_followed_log_and_a_watch_tell_what_happens_as_it_happens() {
    let shop = Shop::open().await;
    let mut one = web(ECHO);
    one["spec"]["replicas"] = json!(1);
    shop.apply::<Deployment>(one).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let follow = LogParams { follow: true, ..LogParams::default() };
    let mut lines = shop.api::<Pod>().log_stream(&name, &follow).await.unwrap().lines();
    assert!(lines.try_next().await.unwrap().unwrap().starts_with("listening"));

    let watched = shop.api::<Pod>();
    let parameters = kube::api::WatchParams::default().labels("app=web");
    let changes = watched.watch(&parameters, "0").await.unwrap();
    tokio::pin!(changes);
    let first = changes.try_next().await.unwrap().unwrap();
    assert!(matches!(first, kube::api::WatchEvent::Added(_)), "{first:?}");
    shop.api::<Deployment>().delete("web", &DeleteParams::default()).await.unwrap();
    let gone = tokio::time::timeout(Duration::from_secs(10), async {
        while let Some(change) = changes.try_next().await.unwrap() {
            if matches!(change, kube::api::WatchEvent::Deleted(_)) {
                return true;
            }
        }
        false
    });
    assert!(gone.await.unwrap());
    let rest = tokio::time::timeout(Duration::from_secs(10), lines.try_collect::<Vec<_>>()).await.unwrap().unwrap();
    assert!(rest.iter().any(|line| line == "told to end"), "{rest:?}");
}

#[tokio::test]
async fn what_a_manager_takes_by_force_is_its_own_from_then_on() {
    let shop = Shop::open().await;
    let maps = shop.api::<ConfigMap>();
    let asks = |manager: &'static str, force: bool, colour: &'static str| {
        let maps = maps.clone();
        let wanted =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"colour": colour}});
        let how = PatchParams { force, ..PatchParams::apply(manager) };
        async move { maps.patch("one", &how, &Patch::Apply(&wanted)).await }
    };
    asks("painter", false, "red").await.unwrap();
    let Err(kube::Error::Api(refused)) = asks("printer", false, "blue").await else { panic!("not refused") };
    assert_eq!((refused.code, refused.reason.as_str()), (409, "Conflict"));
    assert!(refused.message.contains("conflict with \"painter\": .data.colour"), "{}", refused.message);
    asks("printer", true, "blue").await.unwrap();
    // The painter holds it no longer, so that nobody stands in the printer's way; the painter meets the printer.
    let green = asks("printer", false, "green").await.unwrap();
    assert_eq!(green.data.unwrap()["colour"], "green");
    let Err(kube::Error::Api(refused)) = asks("painter", false, "red").await else { panic!("not refused") };
    assert!(refused.message.contains("conflict with \"printer\": .data.colour"), "{}", refused.message);
}

#[tokio::test]
async fn objects_are_refused_as_kubernetes_refuses_them() {
    let shop = Shop::open().await;
    let code = |error: kube::Error| match error {
        kube::Error::Api(status) => (status.code, status.reason.clone()),
        other => panic!("{other}"),
    };
    let missing = shop.api::<Pod>().get("none").await.unwrap_err();
    assert_eq!(code(missing), (404, "NotFound".into()));
    let namespaces: Api<Namespace> = Api::all(shop.client.clone());
    let team: Namespace = serde_json::from_value(json!({"metadata": {"name": "team"}})).unwrap();
    namespaces.create(&PostParams::default(), &team).await.unwrap();
    assert_eq!(
        code(namespaces.create(&PostParams::default(), &team).await.unwrap_err()),
        (409, "AlreadyExists".into())
    );
    let mut wrong = web(ECHO);
    wrong["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let wrong: Deployment = serde_json::from_value(wrong).unwrap();
    assert_eq!(code(shop.api().create(&PostParams::default(), &wrong).await.unwrap_err()), (422, "Invalid".into()));
    let homeless: Api<Deployment> = Api::namespaced(shop.client.clone(), "nowhere");
    let fine: Deployment = serde_json::from_value(web(ECHO)).unwrap();
    assert_eq!(code(homeless.create(&PostParams::default(), &fine).await.unwrap_err()), (404, "NotFound".into()));
    let inside: Api<Deployment> = Api::namespaced(shop.client.clone(), "team");
    inside.create(&PostParams::default(), &fine).await.unwrap();
    namespaces.delete("team", &DeleteParams::default()).await.unwrap();
    within(20, || async { namespaces.get_opt("team").await.unwrap().is_none().then_some(()) }).await;
}
