//! Watches: where they begin, what enters and leaves a selection, and what is said of versions that are no longer known.
use futures::stream::BoxStream;
use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::runtime::watcher::{Config, Event, watcher};
use serde_json::{Value, json};

use super::Shop;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

impl Shop {
    async fn map(&self, name: &str, colour: &str) {
        let body =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"colour": colour}}});
        self.apply::<ConfigMap>(body).await;
    }

    async fn listed(&self, query: &str) -> Result<Value, kube::Error> {
        self.client.request(http::Request::get(format!("{MAPS}?{query}")).body(Vec::new()).unwrap()).await
    }

    /// Begins a watch; the events can be taken one by one.
    async fn watched(&self, query: &str, accept: &str) -> BoxStream<'static, Value> {
        let request = http::Request::get(format!("{MAPS}?watch=true&{query}")).header("accept", accept);
        let lines = self.client.request_stream(request.body(Vec::new()).unwrap()).await.unwrap().lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).boxed()
    }
}

fn told(event: &Value) -> (&str, &str) {
    (event["type"].as_str().unwrap(), event["object"]["metadata"]["name"].as_str().unwrap_or(""))
}

fn code(error: kube::Error) -> (u16, String, String) {
    match error {
        kube::Error::Api(status) => (status.code, status.reason.clone(), status.message.clone()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_object_that_leaves_the_selection_is_told_as_deleted_and_as_it_was() {
    let shop = Shop::open().await;
    shop.map("one", "red").await;
    let mut events = shop.watched("labelSelector=colour%3Dred", "application/json").await;
    assert_eq!(told(&events.next().await.unwrap()), ("ADDED", "one"));
    shop.map("two", "blue").await;
    shop.map("one", "blue").await;
    let left = events.next().await.unwrap();
    assert_eq!(told(&left), ("DELETED", "one"));
    assert_eq!(left["object"]["metadata"]["labels"]["colour"], "red");
    let now = shop.api::<ConfigMap>().get("one").await.unwrap();
    assert_eq!(left["object"]["metadata"]["resourceVersion"].as_str(), now.metadata.resource_version.as_deref());
    shop.map("two", "red").await;
    assert_eq!(told(&events.next().await.unwrap()), ("ADDED", "two"));
}

#[tokio::test]
async fn a_watch_list_ends_what_stands_with_a_bookmark_from_which_one_can_go_on() {
    let shop = Shop::open().await;
    shop.map("one", "red").await;
    let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=colour";
    let mut events = shop.watched(&format!("{initial}&allowWatchBookmarks=true"), "application/json").await;
    assert_eq!(told(&events.next().await.unwrap()), ("ADDED", "one"));
    let end = events.next().await.unwrap();
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    let version = end["object"]["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    shop.map("two", "red").await;
    assert_eq!(told(&events.next().await.unwrap()), ("ADDED", "two"));
    let mut later = shop.watched(&format!("labelSelector=colour&resourceVersion={version}"), "application/json").await;
    assert_eq!(told(&later.next().await.unwrap()), ("ADDED", "two"));
    // Without bookmarks nothing marks the end; a short life ends the watch, with a bookmark before for who asked.
    let plain: Vec<Value> =
        shop.watched(&format!("{initial}&timeoutSeconds=1"), "application/json").await.collect().await;
    assert_eq!(plain.iter().map(told).collect::<Vec<_>>(), [("ADDED", "one"), ("ADDED", "two")]);
    let short = "allowWatchBookmarks=true&timeoutSeconds=1&resourceVersionMatch=NotOlderThan&sendInitialEvents=false";
    let short: Vec<Value> = shop.watched(short, "application/json").await.collect().await;
    assert_eq!(short.iter().map(|it| it["type"].as_str().unwrap()).collect::<Vec<_>>(), ["BOOKMARK"]);

    let streaming = Config::default().labels("colour").streaming_lists();
    let seen = watcher(shop.api::<ConfigMap>(), streaming).take(4).try_collect::<Vec<_>>().await.unwrap();
    assert!(matches!(seen[3], Event::InitDone), "{seen:?}");
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused() {
    let shop = Shop::open().await;
    let mut old = shop.watched("resourceVersion=1", "application/json").await;
    let error = old.next().await.unwrap();
    assert_eq!((&error["type"], &error["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(error["object"]["reason"], "Expired");
    assert!(error["object"]["message"].as_str().unwrap().starts_with("too old resource version: 1 ("));
    assert!(old.next().await.is_none());

    let (status, reason, message) =
        code(shop.listed("resourceVersion=1&resourceVersionMatch=Exact").await.unwrap_err());
    assert_eq!((status, reason.as_str()), (410, "Expired"), "{message}");
    let (status, reason, message) = code(shop.listed("resourceVersion=99999999").await.unwrap_err());
    assert_eq!((status, reason.as_str()), (504, "Timeout"));
    assert!(message.starts_with("Timeout: Too large resource version: 99999999, current: "), "{message}");
    let (status, _, message) = code(shop.listed("watch=true&sendInitialEvents=true").await.unwrap_err());
    assert_eq!(status, 422, "{message}");
    let (status, _, message) = code(shop.listed("fieldSelector=data.a%3D1").await.unwrap_err());
    assert_eq!(status, 400, "{message}");
    let newest = shop.listed("").await.unwrap()["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    shop.listed(&format!("resourceVersion={newest}&resourceVersionMatch=Exact")).await.unwrap();
}

#[tokio::test]
async fn the_columns_of_a_watched_table_are_told_once() {
    let shop = Shop::open().await;
    shop.map("one", "red").await;
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let mut events = shop.watched("labelSelector=colour", table).await;
    let first = events.next().await.unwrap();
    assert_eq!((&first["type"], &first["object"]["kind"]), (&json!("ADDED"), &json!("Table")));
    assert_eq!(first["object"]["columnDefinitions"][0]["name"], "Name");
    let patch = Patch::Merge(json!({"data": {"a": "1"}}));
    shop.api::<ConfigMap>().patch("one", &PatchParams::default(), &patch).await.unwrap();
    let second = events.next().await.unwrap();
    assert_eq!((&second["type"], &second["object"]["columnDefinitions"]), (&json!("MODIFIED"), &Value::Null));
    assert_eq!(second["object"]["rows"][0]["cells"].as_array().unwrap()[..2], [json!("one"), json!(1)]);
}
