//! Who is let in: people by their roles, pods by the identities they are given, images by the registry.
use azure_simulator::kubernetes::pods::image;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{CLUSTER_ADMIN, ECHO, SERVER, Shop, client, web, within};
use crate::aks::{self, CLUSTER};

#[tokio::test]
async fn a_stranger_is_refused_in_aks_own_words_until_a_role_is_assigned() {
    let shop = Shop::open().await;
    let token = shop.visitor.managed(SERVER).await;
    let portal = client(&shop.visitor, &token).await;
    let refused = Api::<Pod>::default_namespaced(portal.clone()).list(&ListParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert!(
        status
            .message
            .ends_with("User does not have access to the resource in Azure. Update role assignment to allow access."),
        "{}",
        status.message
    );
    assert!(portal.apiserver_version().await.is_ok(), "everybody who is known may ask for the version");
    let principal = azure_simulator::tokens::unverified(&token).unwrap()["oid"].as_str().unwrap().to_owned();
    shop.grant(&principal, CLUSTER_ADMIN).await;
    let pods = Api::<Pod>::default_namespaced(portal);
    within(10, || async { pods.list(&ListParams::default()).await.ok() }).await;

    let nobody = client(&shop.visitor, "not-a-token").await;
    let kube::Error::Api(status) = nobody.apiserver_version().await.unwrap_err() else { panic!() };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test]
async fn a_labelled_pod_is_refused_while_the_webhook_does_not_answer() {
    let shop = Shop::open().await;
    let fault = async |name: &str| {
        shop.visitor.control(Method::POST, "/faults", json!({"named": name, "path": "/pods/one"})).await
    };
    let pods: Api<Pod> = Api::default_namespaced(shop.client.clone());
    let pod: Pod =
        serde_json::from_value(json!({"metadata": {"name": "one", "labels": {"azure.workload.identity/use": "true"}},
        "spec": {"containers": [{"name": "web", "image": ECHO, "args": ["echo"]}]}}))
        .unwrap();
    for (name, why) in
        [("webhook-down", "no endpoints available for service"), ("webhook-late", "context deadline exceeded")]
    {
        fault(name).await;
        let refused = pods.create(&Default::default(), &pod).await.unwrap_err();
        let kube::Error::Api(status) = refused else { panic!("{refused}") };
        assert_eq!((status.code, status.reason.as_str()), (500, "InternalError"));
        let begins = "Internal error occurred: failed calling webhook \"mutation.azure-workload-identity.io\"";
        assert!(status.message.starts_with(begins) && status.message.contains(why), "{}", status.message);
    }
    fault("webhook-ignored").await;
    let made = pods.create(&Default::default(), &pod).await.unwrap();
    assert!(made.spec.unwrap().containers[0].env.is_none(), "it is made without variables");
}

#[tokio::test]
async fn a_deployment_says_that_its_pods_are_refused_until_they_are_made() {
    let shop = Shop::open().await;
    shop.visitor.control(Method::POST, "/faults", json!({"named": "webhook-down", "times": 1000})).await;
    let mut labelled = web(ECHO);
    labelled["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] = json!("true");
    shop.apply::<Deployment>(labelled).await;
    let failure = async || {
        let deployment = shop.deployment().await;
        let conditions = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.into_iter().find(|one| one["type"] == "ReplicaFailure")
    };
    let told = within(30, &failure).await;
    assert_eq!((&told["status"], &told["reason"]), (&json!("True"), &json!("FailedCreate")));
    assert!(told["message"].as_str().unwrap().contains("mutation.azure-workload-identity.io"), "{told}");
    shop.visitor.control(Method::DELETE, "/faults", Value::Null).await;
    shop.rolled_out().await;
    within(30, async || failure().await.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_labelled_pod_signs_in_as_its_service_account() {
    let shop = Shop::open().await;
    let visitor = &shop.visitor;
    let issuer = shop.cluster["properties"]["oidcIssuerProfile"]["issuerURL"].clone();
    let identity = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";
    let made = visitor.arm(Method::PUT, identity, json!({"location": "westeurope"})).await;
    let client_id = made.body["properties"]["clientId"].as_str().unwrap().to_owned();
    let credential = json!({"properties": {"issuer": issuer, "subject": "system:serviceaccount:default:web",
        "audiences": ["api://AzureADTokenExchange"]}});
    visitor.arm(Method::PUT, &format!("{identity}/federatedIdentityCredentials/web"), credential).await;
    shop.apply::<k8s_openapi::api::core::v1::ServiceAccount>(json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "web", "annotations": {"azure.workload.identity/client-id": client_id}}}))
        .await;
    let mut labelled = web(ECHO);
    labelled["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] = json!("true");
    labelled["spec"]["template"]["spec"]["serviceAccountName"] = json!("web");
    shop.apply::<Deployment>(labelled).await;
    shop.rolled_out().await;

    let pods = shop.pods().await;
    let env = pods[0]["spec"]["containers"][0]["env"].as_array().unwrap();
    assert!(env.iter().any(|it| it["name"] == "AZURE_FEDERATED_TOKEN_FILE"), "{env:?}");
    let name = pods[0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(shop.through_proxy(name, "/env/AZURE_CLIENT_ID").await.unwrap(), client_id);
    let token = shop.through_proxy(name, "/file/AZURE_FEDERATED_TOKEN_FILE").await.unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", token.as_str()),
        ("scope", "https://vault.azure.net/.default"),
    ];
    let url = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", visitor.world().tenant);
    within(10, || async {
        let reply: Value = visitor.anybody().post(&url).form(&form).send().await.unwrap().json().await.unwrap();
        reply["access_token"].is_string().then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_pod_of_a_node_shares_its_identity_and_a_second_one_makes_the_question_ambiguous() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let proxy = shop.through_proxy(&name, "/env/HTTP_PROXY").await.unwrap();
    let ask = || async {
        let url = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
        let reply = shop.visitor.client(&proxy).get(url).header("Metadata", "true").send().await.unwrap();
        (reply.status(), reply.json::<Value>().await.unwrap())
    };
    let (status, body) = ask().await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let token = azure_simulator::tokens::unverified(body["access_token"].as_str().unwrap()).unwrap();
    assert_eq!(token["oid"], shop.cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"]);

    let mut changed = aks::body();
    changed["properties"]["addonProfiles"] = json!({"azurepolicy": {"enabled": true}});
    let asked = shop.visitor.arm(Method::PUT, CLUSTER, changed).await;
    aks::done(&shop.visitor, &asked).await;
    let (status, body) = ask().await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["error_description"],
        "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
    );
}

#[tokio::test]
async fn an_image_of_a_registry_is_pulled_only_by_who_may() {
    let shop = Shop::open().await;
    let program = env!("CARGO_BIN_EXE_azure-simulator").to_owned();
    let image = "images42.azurecr.io/team/web:1";
    image::write(shop.visitor.folder.path(), [(image.to_owned(), program)]).unwrap();
    let registry = "/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/images42";
    let made =
        shop.visitor.arm(Method::PUT, registry, json!({"location": "westeurope", "sku": {"name": "Basic"}})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    shop.apply::<Deployment>(web(image)).await;
    let reason = within(10, || async {
        let pods = shop.pods().await;
        pods.first()?["status"]["containerStatuses"][0]["state"]["waiting"]["message"].as_str().map(str::to_owned)
    })
    .await;
    assert!(reason.contains("401 Unauthorized"), "{reason}");
    let kubelet = shop.cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"].as_str().unwrap();
    shop.grant_at(made.body["id"].as_str().unwrap(), kubelet, "7f951dda-4ed3-4680-a7ca-43fe172d538d").await;
    shop.rolled_out().await;
}
