//! Clusters, agent pools and what lies around them, as the resource manager shows them.
use azure_simulator::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Reply, Visitor, eventually};

pub const CLUSTER: &str = "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop";
const NODES: &str = "/resourceGroups/MC_rg_shop_westeurope/providers";

/// A body as a careful client writes it.
pub fn body() -> Value {
    json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {
        "dnsPrefix": "shop",
        "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 2, "vmSize": "Standard_D2s_v5", "osType": "Linux"}],
        "disableLocalAccounts": true,
        "aadProfile": {"managed": true, "enableAzureRBAC": true},
        "oidcIssuerProfile": {"enabled": true},
        "securityProfile": {"workloadIdentity": {"enabled": true}},
        "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "networkPolicy": "cilium"},
    }})
}

/// Fast enough for tests, and real: operations of minutes take tenths of a second.
pub async fn visitor() -> Visitor {
    Visitor::with(Clock::wall(600.0)).await
}

/// Registers the provider, makes a group and a cluster in it, and waits for it; the answer is the cluster.
pub async fn make(visitor: &Visitor, body: Value) -> Value {
    register(visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let asked = visitor.arm(Method::PUT, CLUSTER, body).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    done(visitor, &asked).await;
    visitor.arm(Method::GET, CLUSTER, Value::Null).await.body
}

pub async fn register(visitor: &Visitor, namespace: &str) {
    visitor.arm(Method::POST, &format!("/providers/{namespace}/register"), Value::Null).await;
    eventually(|| async {
        let state = visitor.arm(Method::GET, &format!("/providers/{namespace}"), Value::Null).await;
        (state.body["registrationState"] == "Registered").then_some(())
    })
    .await;
}

/// The same where the test moves the clock.
pub async fn register_slowly(visitor: &Visitor, namespace: &str) {
    visitor.arm(Method::POST, &format!("/providers/{namespace}/register"), Value::Null).await;
    visitor.advance(61);
    register(visitor, namespace).await;
}

/// Polls the operation that an answer names until it has ended well.
pub async fn done(visitor: &Visitor, asked: &Reply) {
    let address = asked.header("azure-asyncoperation").to_owned();
    assert!(!address.is_empty(), "{} {}", asked.status, asked.body);
    eventually(|| async {
        let state = visitor.arm(Method::GET, &address, Value::Null).await;
        match state.body["status"].as_str() {
            Some("Succeeded") => Some(()),
            Some("InProgress") => None,
            _ => panic!("{}", state.body),
        }
    })
    .await;
}

/// The names of the identities on the nodes.
async fn on_nodes(visitor: &Visitor) -> Vec<String> {
    let sets =
        visitor.arm(Method::GET, &format!("{NODES}/Microsoft.Compute/virtualMachineScaleSets"), Value::Null).await;
    let identities =
        sets.body["value"][0]["identity"]["userAssignedIdentities"].as_object().cloned().unwrap_or_default();
    identities.keys().map(|id| id.rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_cluster_takes_its_time_and_then_has_what_aks_gives_it() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let early = visitor.arm(Method::PUT, CLUSTER, body()).await;
    assert_eq!((early.status, early.code()), (StatusCode::CONFLICT, "MissingSubscriptionRegistration"));
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    let state = visitor.arm(Method::GET, "/providers/Microsoft.ContainerService", Value::Null).await;
    assert_eq!(state.body["registrationState"], "Registering");
    visitor.advance(61);
    register(&visitor, "Microsoft.ContainerService").await;

    let asked = visitor.arm(Method::PUT, CLUSTER, body()).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    assert_eq!(asked.body["properties"]["provisioningState"], "Creating");
    let again = visitor.arm(Method::PUT, CLUSTER, body()).await;
    assert_eq!((again.status, again.code()), (StatusCode::CONFLICT, "OperationNotAllowed"));
    assert!(again.message().contains("Another operation (shop - Creating) is in progress"), "{}", again.message());
    visitor.advance(200);
    let state = visitor.arm(Method::GET, asked.header("azure-asyncoperation"), Value::Null).await;
    assert_eq!(state.body["status"], "InProgress");
    visitor.advance(200);
    done(&visitor, &asked).await;

    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    let properties = &cluster["properties"];
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["servicePrincipalProfile"]["clientId"], "msi");
    assert!(cluster["identity"]["principalId"].is_string());
    assert!(properties["fqdn"].as_str().unwrap().ends_with(".hcp.westeurope.azmk8s.io"));
    let kubelet = &properties["identityProfile"]["kubeletidentity"];
    assert!(kubelet["resourceId"].as_str().unwrap().ends_with("/shop-agentpool"), "{kubelet}");
    assert_eq!(on_nodes(&visitor).await, ["shop-agentpool"]);
    let pools = visitor.arm(Method::GET, &format!("{CLUSTER}/agentPools"), Value::Null).await;
    assert_eq!(pools.body["value"][0]["properties"]["count"], 2);

    let issuer = properties["oidcIssuerProfile"]["issuerURL"].as_str().unwrap();
    assert!(issuer.ends_with('/'), "{issuer}");
    let page = visitor.send("", Method::GET, &format!("{issuer}.well-known/openid-configuration"), Value::Null).await;
    assert_eq!(page.body["issuer"], issuer);
    let keys = visitor.send("", Method::GET, page.body["jwks_uri"].as_str().unwrap(), Value::Null).await;
    assert_eq!(keys.body["keys"][0]["kty"], "RSA");
}

#[tokio::test]
async fn a_cluster_goes_with_its_nodes_and_their_identities() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    let group = visitor.arm(Method::GET, "/resourceGroups/MC_rg_shop_westeurope", Value::Null).await;
    assert_eq!(group.status, StatusCode::OK);
    let asked = visitor.arm(Method::DELETE, CLUSTER, Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    done(&visitor, &asked).await;
    for gone in [CLUSTER, "/resourceGroups/MC_rg_shop_westeurope"] {
        assert_eq!(visitor.arm(Method::GET, gone, Value::Null).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
    assert_eq!(visitor.arm(Method::DELETE, CLUSTER, Value::Null).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn only_the_user_credential_is_given_where_local_accounts_are_off() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    let admin = visitor.arm(Method::POST, &format!("{CLUSTER}/listClusterAdminCredential"), Value::Null).await;
    assert_eq!(admin.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        admin.message(),
        "Getting static credential is not allowed because this cluster is set to disable local accounts."
    );
    let user = visitor.arm(Method::POST, &format!("{CLUSTER}/listClusterUserCredential"), Value::Null).await;
    assert_eq!(user.body["kubeconfigs"][0]["name"], "clusterUser");
}

#[tokio::test]
async fn an_add_on_can_make_the_identity_of_the_nodes_ambiguous() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    for (addons, expected) in [
        (json!({"azurepolicy": {"enabled": true}}), vec!["azurepolicy-shop", "shop-agentpool"]),
        (json!({"azurepolicy": {"enabled": false}}), vec!["shop-agentpool"]),
    ] {
        let mut changed = body();
        changed["properties"]["addonProfiles"] = addons;
        let asked = visitor.arm(Method::PUT, CLUSTER, changed).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        done(&visitor, &asked).await;
        assert_eq!(on_nodes(&visitor).await, expected);
    }
}

#[tokio::test]
async fn nodes_are_upgraded_in_a_window_that_aks_accepts() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    let window = |hours: i64| {
        json!({"properties": {"maintenanceWindow": {"schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
            "durationHours": hours, "startTime": "02:00", "utcOffset": "+00:00"}}})
    };
    let path = format!("{CLUSTER}/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule");
    assert_eq!(visitor.arm(Method::PUT, &path, window(2)).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(visitor.arm(Method::PUT, &path, window(4)).await.status, StatusCode::CREATED);
    let found = visitor.arm(Method::GET, &path, Value::Null).await;
    assert_eq!(found.body["properties"]["maintenanceWindow"]["durationHours"], 4);
}

#[tokio::test]
async fn a_pool_grows_and_the_quota_is_kept() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    let limit = json!({"location": "westeurope", "family": "standardDSv5Family", "limit": 8});
    assert_eq!(visitor.control(Method::POST, "/quotas", limit).await.status, StatusCode::NO_CONTENT);
    let pool = format!("{CLUSTER}/agentPools/system");
    let sized = |count: i64| json!({"properties": {"count": count, "mode": "System", "vmSize": "Standard_D2s_v5"}});
    let refused = visitor.arm(Method::PUT, &pool, sized(5)).await;
    assert_eq!(refused.code(), "ErrCode_InsufficientVCPUQuota", "{}", refused.body);
    let asked = visitor.arm(Method::PUT, &pool, sized(4)).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    done(&visitor, &asked).await;
    let usages =
        visitor.arm(Method::GET, "/providers/Microsoft.Compute/locations/westeurope/usages", Value::Null).await;
    let family = usages.body["value"].as_array().unwrap().iter().find(|it| it["name"]["value"] == "standardDSv5Family");
    assert_eq!(family.unwrap()["currentValue"], 8);
}

#[tokio::test]
async fn a_federated_credential_is_checked_and_kept() {
    let visitor = visitor().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let identity = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";
    let made = visitor.arm(Method::PUT, identity, json!({"location": "westeurope"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(made.body["properties"]["principalId"].is_string());
    let credential = |issuer: &str| {
        json!({"properties": {"issuer": issuer, "subject": "system:serviceaccount:shop:web",
            "audiences": ["api://AzureADTokenExchange"]}})
    };
    let path = format!("{identity}/federatedIdentityCredentials/web");
    let bad = visitor.arm(Method::PUT, &path, credential("http://plain")).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let good = visitor.arm(Method::PUT, &path, credential("https://issuer/")).await;
    assert_eq!(good.status, StatusCode::CREATED, "{}", good.body);
    let same = visitor.arm(Method::PUT, &path, credential("https://issuer/")).await;
    assert_eq!(same.status, StatusCode::OK);
    let twin = visitor.arm(Method::PUT, &format!("{path}-2"), credential("https://issuer/")).await;
    assert_eq!(twin.status, StatusCode::CONFLICT);
    let all = visitor.arm(Method::GET, &format!("{identity}/federatedIdentityCredentials"), Value::Null).await;
    assert_eq!(all.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_refused_by_where_it_stands() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    for (pointer, value, code, place) in [
        ("/properties/autoUpgradeProfile", json!("patch"), "UnmarshalError", "autoUpgradeProfile"),
        ("/properties/agentPoolProfiles", json!({}), "UnmarshalError", "agentPoolProfiles"),
        ("/properties/agentPoolProfiles", json!([{"count": "2"}]), "UnmarshalError", "count"),
        ("/properties", json!([]), "InvalidRequestContent", "properties"),
        ("/tags", json!("payments"), "InvalidRequestContent", "tags"),
    ] {
        let mut body = body();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        let refused = visitor.arm(Method::PUT, CLUSTER, body).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, code), "{pointer}: {}", refused.body);
        assert!(refused.message().contains(place), "{}", refused.message());
    }
}

#[tokio::test]
async fn a_cluster_is_told_as_a_recording_of_azure_tells_it() {
    let visitor = visitor().await;
    let cluster = make(&visitor, body()).await;
    assert!(cluster.get("value").is_none() && cluster.get("tags").is_none(), "{cluster}");
    assert_eq!(cluster["properties"]["networkProfile"]["loadBalancerProfile"]["managedOutboundIPs"]["count"], 1);
    assert_eq!(cluster["properties"]["agentPoolProfiles"][0]["enableFIPS"], false);
    let versions = visitor.arm(Method::GET, &format!("{CLUSTER}/availableAgentPoolVersions"), Value::Null).await;
    let first = &versions.body["properties"]["agentPoolVersions"][0];
    assert_eq!(*first, json!({"kubernetesVersion": "1.35.1", "default": true}));
    let pool = json!({"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "System", "availabilityZones": ["1"], "nodeTaints": []}});
    let put = visitor.arm(Method::PUT, &format!("{CLUSTER}/agentPools/system"), pool).await;
    assert!(put.status.is_success() && put.body["properties"].get("availabilityZones").is_none(), "{}", put.body);
    let who = visitor.arm(Method::POST, &format!("{CLUSTER}/listClusterMonitoringUserCredential"), Value::Null).await;
    assert_eq!(who.body["kubeconfigs"][0]["name"], "clusterMonitoringUser");
}

#[tokio::test]
async fn who_read_an_older_cluster_or_pool_writes_over_nothing() {
    let visitor = visitor().await;
    let made = make(&visitor, body()).await;
    let pool_path = format!("{CLUSTER}/agentPools/system");
    let tags = async || {
        let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
        let pool = visitor.arm(Method::GET, &pool_path, Value::Null).await.body;
        assert_eq!(cluster["properties"]["agentPoolProfiles"][0]["eTag"], pool["properties"]["eTag"]);
        (cluster["eTag"].as_str().unwrap().to_owned(), pool["properties"]["eTag"].as_str().unwrap().to_owned())
    };
    let (cluster, pool) = tags().await;
    assert_eq!(made["eTag"], cluster.as_str());
    let refused = async |method: Method, path: &str, body: Value, header: (&'static str, &str)| {
        let answer = visitor.arm_with(method, path, body, &[header]).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::PRECONDITION_FAILED, "PreconditionFailed"), "{path}");
    };
    let wanted = json!({"properties": {"count": 3, "vmSize": "Standard_D2s_v5", "mode": "System", "osType": "Linux"}});
    for old in ["00000000", "\"00000000\""] {
        refused(Method::PUT, CLUSTER, body(), ("if-match", old)).await;
        refused(Method::PATCH, CLUSTER, json!({"tags": {}}), ("if-match", old)).await;
        refused(Method::DELETE, CLUSTER, Value::Null, ("if-match", old)).await;
        refused(Method::PUT, &pool_path, wanted.clone(), ("if-match", old)).await;
        refused(Method::DELETE, &pool_path, Value::Null, ("if-match", old)).await;
    }
    refused(Method::PUT, CLUSTER, body(), ("if-none-match", "*")).await;
    refused(Method::PUT, &CLUSTER.replace("shop", "none"), body(), ("if-match", "*")).await;
    assert_eq!(tags().await, (cluster.clone(), pool.clone()), "what was refused has changed nothing");

    // What is done to a pool leaves the cluster's own tag as it was, and the other way round it does not.
    let asked = visitor.arm_with(Method::PUT, &pool_path, wanted, &[("if-match", &pool)]).await;
    done(&visitor, &asked).await;
    let (same, other) = tags().await;
    assert!(same == cluster && other != pool);
    let asked = visitor.arm_with(Method::PUT, CLUSTER, body(), &[("if-match", &format!("\"{same}\""))]).await;
    done(&visitor, &asked).await;
    let (cluster, pool) = tags().await;
    assert!(cluster != same && pool != other);
}

#[tokio::test]
async fn a_cluster_that_is_a_service_principal_becomes_one_with_an_identity_and_never_back() {
    let visitor = visitor().await;
    let mut principal = body();
    principal.as_object_mut().unwrap().remove("identity");
    let client = "11111111-1111-1111-1111-111111111111";
    principal["properties"]["servicePrincipalProfile"] = json!({"clientId": client, "secret": "told once"});
    principal["properties"]["addonProfiles"] = json!({"azureKeyvaultSecretsProvider": {"enabled": true}});
    let made = make(&visitor, principal.clone()).await;
    assert_eq!(made["properties"]["servicePrincipalProfile"], json!({"clientId": client}));
    assert!(made["identity"].is_null() && made["properties"]["identityProfile"].is_null(), "{made}");
    assert!(made["properties"]["addonProfiles"]["azureKeyvaultSecretsProvider"]["identity"].is_null(), "{made}");
    assert!(on_nodes(&visitor).await.is_empty(), "its nodes have no managed identity");

    // As az sends it: the whole of what it read, with an identity.
    let mut wanted = made.clone();
    wanted["identity"] = json!({"type": "SystemAssigned"});
    let asked = visitor.arm(Method::PUT, CLUSTER, wanted).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    done(&visitor, &asked).await;
    let now = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(now["properties"]["servicePrincipalProfile"]["clientId"], "msi");
    assert!(now["identity"]["principalId"].is_string() && now["identity"]["tenantId"].is_string(), "{now}");
    assert_eq!(on_nodes(&visitor).await, ["azurekeyvaultsecretsprovider-shop", "shop-agentpool"]);
    let back = visitor.arm(Method::PUT, CLUSTER, principal).await;
    assert_eq!((back.status, back.code()), (StatusCode::BAD_REQUEST, "BadRequest"), "{}", back.body);

    // And on to an identity of one's own: the first is nobody any more.
    let own = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own";
    let own = visitor.arm(Method::PUT, own, json!({"location": "westeurope"})).await.body;
    let mut wanted = now.clone();
    wanted["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {own["id"].as_str().unwrap(): {}}});
    let asked = visitor.arm(Method::PUT, CLUSTER, wanted).await;
    done(&visitor, &asked).await;
    let then = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    let told = &then["identity"]["userAssignedIdentities"][own["id"].as_str().unwrap()];
    assert_eq!(told["principalId"], own["properties"]["principalId"]);
    let first = uuid::Uuid::parse_str(now["identity"]["principalId"].as_str().unwrap()).unwrap();
    assert!(visitor.world().state.read(|draft| azure_simulator::directory::find(draft, first)).is_none());
}

#[tokio::test]
async fn an_add_on_that_is_off_is_nobody_and_cost_analysis_is_paid_for() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    let put = async |addons: Value, costs: bool, tier: &str| {
        let mut changed = body();
        changed["properties"]["addonProfiles"] = addons;
        changed["properties"]["metricsProfile"] = json!({"costAnalysis": {"enabled": costs}});
        changed["sku"] = json!({"name": "Base", "tier": tier});
        visitor.arm(Method::PUT, CLUSTER, changed).await
    };
    let driver = |on: bool| json!({"azureKeyvaultSecretsProvider": {"enabled": on}});
    let refused = put(driver(true), true, "Free").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "BadRequest"), "{}", refused.body);
    let all = vec!["azurekeyvaultsecretsprovider-shop", "cost-analysis-identity", "shop-agentpool"];
    for (on, expected) in [(true, all), (false, vec!["shop-agentpool"])] {
        let asked = put(driver(on), on, "Standard").await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        done(&visitor, &asked).await;
        let driver = &visitor.arm(Method::GET, CLUSTER, Value::Null).await.body["properties"]["addonProfiles"]["azureKeyvaultSecretsProvider"];
        assert_eq!(driver["identity"]["objectId"].is_string(), expected.len() > 1, "{driver}");
        assert_eq!(on_nodes(&visitor).await, expected);
    }
}

#[tokio::test]
async fn an_api_server_has_no_name_until_it_is_made() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    register_slowly(&visitor, "Microsoft.ContainerService").await;
    let asked = visitor.arm(Method::PUT, CLUSTER, body()).await;
    let host = asked.body["properties"]["fqdn"].as_str().unwrap().to_owned();
    let connect = async || {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", visitor.world().door_port)).await.unwrap();
        stream.write_all(format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n").as_bytes()).await.unwrap();
        let mut line = [0; 12];
        stream.read_exact(&mut line).await.unwrap();
        String::from_utf8_lossy(&line).into_owned()
    };
    assert_eq!(connect().await, "HTTP/1.1 502");
    visitor.advance(400);
    done(&visitor, &asked).await;
    assert_eq!(connect().await, "HTTP/1.1 200");
}
