//! What nobody may do in the resource group of a cluster's nodes once it is locked down.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{CLUSTER, body, done, make, visitor};

const NODES: &str = "/resourceGroups/MC_rg_shop_westeurope";

#[tokio::test]
async fn the_group_of_the_nodes_can_be_locked_down_and_opened_again() {
    let visitor = visitor().await;
    let mut wanted = body();
    wanted["properties"]["nodeResourceGroupProfile"] = json!({"restrictionLevel": "ReadOnly"});
    make(&visitor, wanted.clone()).await;
    let list = format!("{NODES}/providers/Microsoft.Authorization/denyAssignments");
    let listed = visitor.arm(Method::GET, &list, Value::Null).await;
    let denied = &listed.body["value"][0];
    assert_eq!(denied["properties"]["isSystemProtected"], true, "{}", listed.body);
    assert_eq!(denied["properties"]["permissions"][0]["notActions"], json!(["*/read"]));
    let everywhere = visitor.arm(Method::GET, "/providers/Microsoft.Authorization/denyAssignments", Value::Null).await;
    assert_eq!(everywhere.body["value"].as_array().map(Vec::len), Some(1));

    assert_eq!(visitor.arm(Method::GET, NODES, Value::Null).await.status, StatusCode::OK);
    for (method, path) in [
        (Method::DELETE, NODES.to_owned()),
        (Method::PUT, format!("{NODES}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own")),
    ] {
        let refused = visitor.arm(method, &path, json!({"location": "westeurope"})).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "DenyAssignmentAuthorizationFailed"));
        for part in [
            "has permission to perform action",
            "the access is denied because of the deny assignment with name 'Node resource group lockdown of shop' and Id '",
        ] {
            assert!(refused.message().contains(part), "{}", refused.message());
        }
    }
    let made = visitor.arm(Method::DELETE, denied["id"].as_str().unwrap(), Value::Null).await;
    assert_eq!(made.code(), "DenyAssignmentAuthorizationFailed");

    wanted["properties"]["nodeResourceGroupProfile"]["restrictionLevel"] = json!("Closed");
    let wrong = visitor.arm(Method::PUT, CLUSTER, wanted.clone()).await;
    assert_eq!((wrong.status, wrong.code()), (StatusCode::BAD_REQUEST, "InvalidParameter"));
    wanted["properties"]["nodeResourceGroupProfile"]["restrictionLevel"] = json!("Unrestricted");
    let opened = visitor.arm(Method::PUT, CLUSTER, wanted).await;
    done(&visitor, &opened).await;
    assert_eq!(visitor.arm(Method::GET, &list, Value::Null).await.body["value"], json!([]));
    let identity = format!("{NODES}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own");
    let own = visitor.arm(Method::PUT, &identity, json!({"location": "westeurope"})).await;
    assert_ne!(own.status, StatusCode::FORBIDDEN, "{}", own.body);
}
