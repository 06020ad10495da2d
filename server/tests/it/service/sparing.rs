//! How little is asked of Azure: what a job has just seen or made itself is not asked for again, and what many environments
//! have of one kind is listed once.

use crate::support::bed::Bed;
use crate::support::living::small;
use crate::support::portal::{Portal, control};
use app::portal::Environments;
use keystead::engine::place::Place;
use keystead::store::timer;
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

/// What a look at an environment is answered from lists of everything.
const LISTED: [(&str, &str); 5] = [
    ("GET", "/managedClusters/aks-listed/providers/"),
    ("GET", "/managedClusters/aks-listed/maintenanceConfigurations/"),
    ("GET", "/managedClusters/aks-listed"),
    ("GET", "/userAssignedIdentities/id-listed/federatedIdentityCredentials/"),
    ("GET", "/userAssignedIdentities/id-listed"),
];

async fn count(counted: &[(&str, &str)]) {
    for (method, path) in counted {
        control("/faults", &json!({ "method": method, "path": path, "times": MANY })).await;
    }
}

async fn asked(counted: &[(&str, &str)]) -> Vec<(String, u64)> {
    let left = control("/faults", &Value::Null).await;
    let left: Vec<&Value> = left.as_array().into_iter().flatten().collect();
    let of = |(method, path): &(&str, &str)| {
        let fault = left.iter().find(|fault| fault["method"] == *method && fault["path"] == *path);
        let times = fault.and_then(|fault| fault["times"].as_u64()).unwrap_or_default();
        (format!("{method} {path}"), MANY - times)
    };
    counted.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_ask_for_what_it_has_just_made_itself() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    count(&COUNTED).await;
    portal.built(&member, &manager, small("sparing")).await;
    let asked = asked(&COUNTED).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_look_in_its_turn_is_answered_from_lists_until_something_differs() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("listed")).await;
    let differing = async || {
        let whole = portal.service.environment(&member, "listed").await.unwrap();
        whole.drift.unwrap().lines.into_iter().map(|drifted| drifted.line.name).collect::<Vec<_>>()
    };
    count(&LISTED).await;
    portal.clock.advance(timer::DRIFT_MILLIS);
    portal.looked(&built.job.environment).await;
    let seen = asked(&LISTED).await;
    let of = |seen: &[(String, u64)], what: &str| seen.iter().find(|(known, _)| known == what).map(|(_, count)| *count);
    assert!(differing().await.is_empty());
    for listed in ["GET /managedClusters/aks-listed", "GET /userAssignedIdentities/id-listed"] {
        assert_eq!(of(&seen, listed), Some(0), "{seen:#?}");
    }
    // What no list of the subscription holds is looked at by itself.
    let alone = "GET /userAssignedIdentities/id-listed/federatedIdentityCredentials/";
    assert_eq!(of(&seen, alone), Some(1), "{seen:#?}");

    // Somebody asks for a look, before its turn has come.
    portal.looked(&built.job.environment).await;
    let seen = asked(&LISTED).await;
    assert_ne!(of(&seen, "GET /managedClusters/aks-listed"), Some(0), "{seen:#?}");

    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    portal.azure.arm().delete(&place.app_identity()).await.unwrap();
    portal.clock.advance(timer::DRIFT_MILLIS);
    portal.looked(&built.job.environment).await;
    assert!(differing().await.contains(&place.app_identity().name().to_owned()), "{:?}", differing().await);
}
