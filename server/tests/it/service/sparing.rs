//! How little a job asks of Azure: what it has just seen or made itself is not asked for again.

use crate::support::bed::Bed;
use crate::support::living::small;
use crate::support::portal::{Portal, control};
use serde_json::{Value, json};

/// More than anybody asks.
const MANY: u64 = 1000;

/// Counts requests at the wire: each is a fault that does nothing but to be used up by what it names.
const COUNTED: [(&str, &str); 12] = [
    ("GET", "/userAssignedIdentities/id-sparing/federatedIdentityCredentials/"),
    ("GET", "/userAssignedIdentities/id-sparing"),
    ("GET", "/vaults/kv-sparing/providers/Microsoft.Authorization/roleAssignments/"),
    ("GET", "/vaults/kv-sparing/providers/Microsoft.Insights/diagnosticSettings/"),
    ("GET", "/managedClusters/aks-sparing/providers/Microsoft.Authorization/roleAssignments/"),
    ("GET", "/managedClusters/aks-sparing/maintenanceConfigurations/"),
    ("GET", "/managedClusters/aks-sparing/providers/Microsoft.Insights/dataCollectionRuleAssociations/"),
    ("GET", "/managedClusters/aks-sparing"),
    ("POST", "/managedClusters/aks-sparing/listClusterUserCredential"),
    ("PUT", "/vaults/kv-sparing"),
    ("PUT", "/managedClusters/aks-sparing"),
    ("PUT", "/resourceGroups/rg-sparing"),
];

async fn asked() -> Vec<(String, u64)> {
    let left = control("/faults", &Value::Null).await;
    let left: Vec<&Value> = left.as_array().into_iter().flatten().collect();
    let of = |(method, path): &(&str, &str)| {
        let fault = left.iter().find(|fault| fault["method"] == *method && fault["path"] == *path);
        let times = fault.and_then(|fault| fault["times"].as_u64()).unwrap_or_default();
        (format!("{method} {path}"), MANY - times)
    };
    COUNTED.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_ask_for_what_it_has_just_made_itself() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    for (method, path) in COUNTED {
        control("/faults", &json!({ "method": method, "path": path, "times": MANY })).await;
    }
    portal.built(&member, &manager, small("sparing")).await;
    let asked = asked().await;
    let of = |what: &str| asked.iter().find(|(known, _)| known == what).map(|(_, count)| *count);
    let never = [
        "GET /vaults/kv-sparing/providers/Microsoft.Authorization/roleAssignments/",
        "GET /vaults/kv-sparing/providers/Microsoft.Insights/diagnosticSettings/",
        "GET /managedClusters/aks-sparing/providers/Microsoft.Authorization/roleAssignments/",
        "GET /managedClusters/aks-sparing/maintenanceConfigurations/",
    ];
    for what in never {
        assert_eq!(of(what), Some(0), "{asked:#?}");
    }
    // By the checks, which believe nothing.
    assert_eq!(of("GET /userAssignedIdentities/id-sparing/federatedIdentityCredentials/"), Some(1), "{asked:#?}");
    assert_eq!(of("GET /userAssignedIdentities/id-sparing"), Some(1), "{asked:#?}");
    // When it was made, before insights are switched on, when they were, and by the checks.
    assert_eq!(of("GET /managedClusters/aks-sparing"), Some(4), "{asked:#?}");
    assert_eq!(of("POST /managedClusters/aks-sparing/listClusterUserCredential"), Some(1), "{asked:#?}");
}
