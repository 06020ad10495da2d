//! A cluster's own API: found through Azure, entered with our token.
use crate::rehearsal::{Rehearsal, eventually, instead, known, on};
use azure::{
    Answer, Azure, Kind, ResourceId,
    kubernetes::{self, Reference},
    roles,
};
use azure_simulator::faults::{Drop, Fault};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::time::Duration;

/// A cluster in which we may do everything.
async fn shop() -> (Rehearsal, Azure, ResourceId) {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let cluster = rehearsal.cluster(&azure, "aks").await;
    rehearsal.give(&azure, &cluster.scope().unwrap(), roles::AKS_RBAC_CLUSTER_ADMIN).await;
    (rehearsal, azure, cluster)
}

fn namespace() -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
}

fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "pause"}]}})
}

fn credential_of(cluster: &ResourceId) -> String {
    format!("{cluster}/listClusterUserCredential")
}

/// What AKS gives to a user, with another cluster beside the one that it is about.
async fn with_another_beside_it(azure: &Azure, cluster: &ResourceId) -> Value {
    let answer = match azure.arm().post(cluster, "listClusterUserCredential", &Value::Null).await.unwrap() {
        Answer::Done(answer) => answer,
        Answer::Accepted(operation) => panic!("{operation:?}"),
    };
    let text = STANDARD.decode(answer["kubeconfigs"][0]["value"].as_str().unwrap()).unwrap();
    let mut config: Value = serde_json::from_slice(&text).unwrap();
    let other = json!({"name": "other", "cluster": {"server": "https://other.example"}});
    config["clusters"].as_array_mut().unwrap().insert(0, other);
    json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode(config.to_string())}]})
}

#[tokio::test]
async fn an_object_of_any_kind_is_applied_with_our_own_token_and_read_back() {
    let (rehearsal, azure, cluster) = shop().await;
    let credential = with_another_beside_it(&azure, &cluster).await;
    rehearsal.goes_wrong(instead("POST", "/listClusterUserCredential", 200, credential));
    let client = azure.kubernetes(cluster.as_str()).await.unwrap();
    kubernetes::apply(&client, &namespace(), "keystead").await.unwrap();
    let wanted = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "pause"}]}}}});
    let applied = kubernetes::apply(&client, &wanted, "keystead").await.unwrap();
    assert_eq!(applied["spec"]["replicas"], 2);
    let again = azure.kubernetes(&cluster.as_str().to_uppercase()).await.unwrap();
    let found = kubernetes::get(&again, &Reference::of(&wanted).unwrap()).await.unwrap().unwrap();
    assert_eq!((found["kind"].as_str(), found["spec"]["replicas"].as_i64()), (Some("Deployment"), Some(2)));
    assert_eq!(rehearsal.answered("POST", credential_of(&cluster)), [200; 2], "once above, and once for both clients");
    let asked = rehearsal.simulator.world().requests.newest();
    let us = Some(azure.me().await.unwrap().object_id);
    let in_cluster = asked.iter().filter(|told| told.host.ends_with(".azmk8s.io"));
    assert_eq!(
        in_cluster.map(|told| (told.method.as_str(), &told.who.principal)).collect::<Vec<_>>(),
        [("GET", &us), ("PATCH", &us), ("PATCH", &us)]
    );
    rehearsal.end().await;
}

#[tokio::test]
async fn a_missing_role_is_told_in_the_clusters_own_words_and_a_missing_object_is_none() {
    let (rehearsal, azure, cluster) = shop().await;
    let client = azure.kubernetes(cluster.as_str()).await.unwrap();
    let namespace = Reference::new("v1", "Namespace", None, "shop");
    let words = "User does not have access to the resource in Azure. Update role assignment to allow access.";
    rehearsal.goes_wrong(known("kubernetes-forbidden"));
    let error = kubernetes::get(&client, &namespace).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "Forbidden"));
    assert!(error.message().ends_with(words), "{error}");
    for (fault, kind) in [
        ("kubernetes-unauthorized", Kind::Denied),
        ("kubernetes-too-many-requests", Kind::Throttled { after: Duration::from_secs(1) }),
        ("kubernetes-unavailable", Kind::Unreachable),
    ] {
        rehearsal.goes_wrong(known(fault));
        assert_eq!(kubernetes::get(&client, &namespace).await.unwrap_err().kind(), kind, "{fault}");
    }
    assert_eq!(kubernetes::get(&client, &namespace).await.unwrap(), None);
    kubernetes::delete(&client, &namespace).await.unwrap();
    assert_eq!(rehearsal.answered("DELETE", "/api/v1/namespaces/shop"), [404]);
    rehearsal.end().await;
}

#[tokio::test]
async fn pods_are_listed_by_label_and_asked_on_a_port() {
    let (rehearsal, azure, cluster) = shop().await;
    let client = azure.kubernetes(cluster.as_str()).await.unwrap();
    for object in [namespace(), pod("web"), pod("worker")] {
        kubernetes::apply(&client, &object, "keystead").await.unwrap();
    }
    let web = eventually(async || {
        rehearsal.simulator.world().clock.advance(Duration::from_secs(1));
        let found = kubernetes::list(&client, "v1", "Pod", Some("shop"), Some("app=web")).await.unwrap();
        found.iter().all(|pod| pod["status"]["phase"] == "Running").then_some(found)
    });
    let names: Vec<Value> = web.await.iter().map(|pod| pod["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["web"]);

    rehearsal.goes_wrong(instead("GET", "/pods/web:8081/proxy/readyz", 503, json!({"login": "refused"})));
    let answer = kubernetes::pod_get(&client, "shop", "web", 8081, "/readyz").await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (503, r#"{"login":"refused"}"#));
    // That nobody listens is said by the API server, not by the pod.
    let error = kubernetes::pod_get(&client, "shop", "web", 8081, "/readyz").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unreachable, "ServiceUnavailable"));
    for words in ["error trying to reach service", "Connection refused"] {
        assert!(error.message().contains(words), "{words}: {error}");
    }

    rehearsal.goes_wrong(instead("GET", "/pods/web/log", 200, json!({"said": "listening"})));
    let log = async || kubernetes::pod_log(&client, "shop", "web", None, 20, false).await;
    assert_eq!(log().await.unwrap(), r#"{"said":"listening"}"#, "as the program wrote it");
    assert_eq!(log().await.unwrap(), "", "a pause writes nothing");
    let before = kubernetes::pod_log(&client, "shop", "web", None, 20, true).await.unwrap_err();
    assert_eq!((before.kind(), before.code()), (Kind::Rejected, "BadRequest"));
    rehearsal.end().await;
}

#[tokio::test]
async fn a_cluster_that_cannot_be_reached_is_looked_up_again() {
    let (rehearsal, azure, cluster) = shop().await;
    let namespace = Reference::new("v1", "Namespace", None, "default");
    let look = async || {
        let client = azure.kubernetes(cluster.as_str()).await?;
        kubernetes::get(&client, &namespace).await
    };
    assert!(look().await.unwrap().is_some());
    rehearsal.goes_wrong(Fault { drop: Some(Drop::Before), ..on("GET", "/api/v1/namespaces/default") });
    assert_eq!(look().await.unwrap_err().kind(), Kind::Unreachable);
    assert!(look().await.unwrap().is_some());
    assert_eq!(rehearsal.answered("POST", credential_of(&cluster)), [200; 2]);

    // It is made anew at another address, under the same id.
    match azure.arm().delete(&cluster).await.unwrap() {
        Answer::Accepted(operation) => {
            rehearsal.a_while_later();
            rehearsal.ended(&azure, &operation).await;
        }
        Answer::Done(_) => panic!("Azure takes its time"),
    }
    rehearsal.cluster(&azure, "aks").await;
    assert_eq!(look().await.unwrap_err().kind(), Kind::Unreachable);
    assert!(look().await.unwrap().is_some());
    assert_eq!(rehearsal.answered("POST", credential_of(&cluster)), [200; 3]);
    rehearsal.end().await;
}
