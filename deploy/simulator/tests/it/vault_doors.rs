//! Who is let through to a vault by where they call from, how often, and what is written down about it.
use azure_simulator::kubernetes::scale_set_name;
use azure_simulator::machines::{self, Machine};
use azure_simulator::state::StateError;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER, body};
use crate::log_analytics::{ask as query, customer, with_workspace};
use crate::vaults::{grant, settled};
use crate::visitor::{Reply, Visitor, eventually};

const VAULT: &str = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one";
const SETTING: &str = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one/providers/Microsoft.Insights/diagnosticSettings/audit";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

/// A world with a vault whose secrets the owner may write.
async fn open() -> Visitor {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    visitor
}

async fn change(visitor: &Visitor, properties: Value) -> Reply {
    let path = format!("{VAULT}?api-version=2026-02-01");
    visitor.arm(Method::PATCH, &path, json!({ "properties": properties })).await
}

/// Lists the secrets with the owner's token, from a machine, or from somewhere out there.
async fn list(visitor: &Visitor, proxy: Option<&str>) -> (StatusCode, Value) {
    let token = visitor.owner("https://vault.azure.net").await;
    let client = proxy.map_or_else(|| visitor.anybody(), |proxy| visitor.client(proxy));
    let url = "https://kv-one.vault.azure.net/secrets?api-version=7.4";
    let reply = client.get(url).bearer_auth(token).header("user-agent", "a-test").send().await.unwrap();
    (reply.status(), reply.json().await.unwrap())
}

/// The proxy address of a machine whose identities are those of a cluster's nodes.
async fn node(visitor: &Visitor, cluster: &Value) -> String {
    let set = scale_set_name(cluster["id"].as_str().unwrap(), "system");
    let group = format!("{}/resourceGroups/MC_rg_shop_westeurope", visitor.subscription());
    let id = format!("{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{set}");
    let machine = Machine::of_resource("node-one", &id);
    let written = visitor.world().state.change(|draft| {
        machines::put(draft, &machine);
        Ok::<_, StateError>(())
    });
    written.await.unwrap();
    visitor.world().proxy_address("node-one", &machine.key)
}

#[tokio::test]
async fn a_vaults_firewall_lets_in_the_addresses_that_it_names() {
    let visitor = open().await;
    assert_eq!(list(&visitor, None).await.0, StatusCode::OK);
    let closed = change(&visitor, json!({"networkAcls": {"defaultAction": "Deny"}})).await;
    assert_eq!(closed.body["properties"]["networkAcls"]["bypass"], "AzureServices", "{}", closed.body);
    let (status, refused) = list(&visitor, None).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &json!("Forbidden")));
    assert_eq!(refused["error"]["innererror"]["code"], "ForbiddenByFirewall");
    let message = refused["error"]["message"].as_str().unwrap();
    let begins = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 198.51.100.20\r\nCaller: appid=";
    assert!(message.starts_with(begins), "{message}");
    assert!(message.ends_with("\r\nVault: kv-one;location=westeurope"), "{message}");

    let rules = |address: &str| json!({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": address}]}});
    let named = change(&visitor, rules("198.51.100.7")).await;
    assert_eq!(named.body["properties"]["networkAcls"]["ipRules"][0]["value"], "198.51.100.7/32");
    let portal = visitor.simulator.ready()["azure"]["proxy"].as_str().unwrap().to_owned();
    assert_eq!(list(&visitor, Some(&portal)).await.0, StatusCode::OK);
    assert_eq!(list(&visitor, None).await.0, StatusCode::FORBIDDEN);
    visitor.control(Method::PATCH, "/settings", json!({"public_address": "198.51.100.7"})).await;
    assert_eq!(list(&visitor, None).await.0, StatusCode::OK);
    assert_eq!(change(&visitor, rules("somewhere")).await.code(), "BadRequest");

    change(&visitor, json!({"publicNetworkAccess": "Disabled"})).await;
    let (status, refused) = list(&visitor, Some(&portal)).await;
    assert_eq!(
        (status, &refused["error"]["innererror"]["code"]),
        (StatusCode::FORBIDDEN, &json!("ForbiddenByConnection"))
    );
    let unsigned =
        visitor.anybody().get("https://kv-one.vault.azure.net/secrets?api-version=7.4").send().await.unwrap();
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED, "who asks comes before from where");
}

#[tokio::test]
async fn the_nodes_of_a_cluster_call_from_the_clusters_own_address() {
    let visitor = open().await;
    aks::register_slowly(&visitor, "Microsoft.ContainerService").await;
    let asked = visitor.arm(Method::PUT, CLUSTER, body()).await;
    visitor.advance(400);
    aks::done(&visitor, &asked).await;
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    let outbound = &cluster["properties"]["networkProfile"]["loadBalancerProfile"]["effectiveOutboundIPs"][0]["id"];
    let address = visitor.arm(Method::GET, outbound.as_str().unwrap(), Value::Null).await.body;
    let address = address["properties"]["ipAddress"].as_str().unwrap().to_owned();
    let proxy = node(&visitor, &cluster).await;
    change(&visitor, json!({"networkAcls": {"defaultAction": "Deny"}})).await;
    let (_, refused) = list(&visitor, Some(&proxy)).await;
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("Client address: {address}\r\n")), "{message}");
    let rules = json!({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": format!("{address}/32")}]}});
    change(&visitor, rules).await;
    assert_eq!(list(&visitor, Some(&proxy)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_vault_that_is_asked_too_often_says_when_to_come_back() {
    let visitor = open().await;
    let token = visitor.owner("https://vault.azure.net").await;
    let set = async |name: &str| {
        let url = format!("https://kv-one.vault.azure.net/secrets/{name}?api-version=7.4");
        visitor.send(&token, Method::PUT, &url, json!({"value": "v"})).await
    };
    for _ in 0..299 {
        visitor
            .world()
            .limits
            .take_of_vault(&visitor.world().clock, &format!("{}{VAULT}", visitor.subscription()), true)
            .unwrap();
    }
    assert_eq!(set("last").await.status, StatusCode::OK);
    let refused = set("more").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "Throttled"));
    assert_eq!(
        refused.message(),
        "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached"
    );
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(list(&visitor, None).await.0, StatusCode::OK, "reading goes on");
    visitor.advance(1);
    assert_eq!(set("more").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_asked_of_a_vault_is_found_in_the_workspace_of_its_setting() {
    let (visitor, workspace) = with_workspace().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    let customer = customer(&workspace);
    let setting = |log: Value, sink: &Value| json!({"properties": {"workspaceId": sink, "logAnalyticsDestinationType": "Dedicated", "logs": [log]}});
    let all = json!({"categoryGroup": "allLogs", "enabled": true});
    let refused = visitor
        .arm(Method::PUT, SETTING, setting(json!({"category": "Sales", "enabled": true}), &workspace["id"]))
        .await;
    assert_eq!((refused.code(), refused.message()), ("BadRequest", "Category 'Sales' is not supported."));
    let nowhere = json!(workspace["id"].as_str().unwrap().replace("log-one", "log-two"));
    assert_eq!(visitor.arm(Method::PUT, SETTING, setting(all.clone(), &nowhere)).await.code(), "ResourceNotFound");
    assert_eq!(visitor.arm(Method::PUT, SETTING, setting(all.clone(), &Value::Null)).await.code(), "BadRequest");
    list(&visitor, None).await;
    let made = visitor.arm(Method::PUT, SETTING, setting(all.clone(), &workspace["id"])).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let twice = visitor.arm(Method::PUT, &SETTING.replace("/audit", "/again"), setting(all, &workspace["id"])).await;
    assert_eq!(twice.code(), "Conflict", "{}", twice.body);
    let settings = VAULT.to_owned() + "/providers/Microsoft.Insights/diagnosticSettings";
    assert_eq!(visitor.arm(Method::GET, &settings, Value::Null).await.body["value"].as_array().unwrap().len(), 1);
    let categories = visitor.arm(Method::GET, &format!("{settings}Categories"), Value::Null).await.body;
    assert_eq!(categories["value"][0]["name"], "AuditEvent");

    list(&visitor, None).await;
    visitor.send("", Method::GET, "https://kv-one.vault.azure.net/secrets/x?api-version=7.4", Value::Null).await;
    let token = visitor.owner("https://vault.azure.net").await;
    visitor.send(&token, Method::GET, "https://kv-one.vault.azure.net/secrets/x?api-version=7.4", Value::Null).await;
    let wanted = "AZKVAuditLogs | project OperationName, ResultSignature, HttpStatusCode, CallerIpAddress, RequestUri, ClientInfo | order by HttpStatusCode asc";
    eventually(|| async { (!visitor.world().state.list("logRecords").is_empty()).then_some(()) }).await;
    assert_eq!(query(&visitor, &customer, wanted).await.body["tables"][0]["rows"], json!([]), "not yet");
    visitor.advance(300);
    let rows = eventually(|| async {
        let rows = query(&visitor, &customer, wanted).await.body["tables"][0]["rows"].clone();
        (rows.as_array().is_some_and(|rows| rows.len() == 3)).then_some(rows)
    })
    .await;
    let address = "198.51.100.20";
    assert_eq!(
        rows,
        json!([
            ["SecretList", "OK", 200, address, "https://kv-one.vault.azure.net/secrets?api-version=7.4", "a-test"],
            [
                "Authentication",
                "Unauthorized",
                401,
                address,
                "https://kv-one.vault.azure.net/secrets/x?api-version=7.4",
                ""
            ],
            ["SecretGet", "Not Found", 404, address, "https://kv-one.vault.azure.net/secrets/x?api-version=7.4", ""],
        ])
    );
    let owner = azure_simulator::seed::id_of("service-principal/owner").to_string();
    let who = query(
        &visitor,
        &customer,
        "AZKVAuditLogs | where OperationName == 'SecretGet' | project Identity, _ResourceId",
    )
    .await;
    let row = &who.body["tables"][0]["rows"][0];
    let identity = row[0].as_str().map_or_else(|| row[0].clone(), |text| serde_json::from_str(text).unwrap());
    assert_eq!(identity["claim"]["oid"], owner);
    assert_eq!(row[1], format!("{}{VAULT}", visitor.subscription()).to_lowercase());

    assert_eq!(visitor.arm(Method::DELETE, SETTING, Value::Null).await.status, StatusCode::OK);
    let shared =
        json!({"properties": {"workspaceId": workspace["id"], "logs": [{"category": "AuditEvent", "enabled": true}]}});
    visitor.arm(Method::PUT, SETTING, shared).await;
    list(&visitor, None).await;
    eventually(|| async {
        visitor.advance(300);
        let asked = "AzureDiagnostics | where ResourceProvider == 'MICROSOFT.KEYVAULT' and OperationName == 'SecretList' | project httpStatusCode_d, identity_claim_oid_g";
        let rows = query(&visitor, &customer, asked).await.body["tables"][0]["rows"].clone();
        (rows == json!([[200.0, owner]])).then_some(())
    })
    .await;
}
