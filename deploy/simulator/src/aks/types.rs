//! Refuses a cluster or an agent pool with a field of another type than AKS gives it, as its decoder does.

use serde_json::Value;

use crate::arm::Refusal;
use crate::shape::{self, Type, Wrong};

const CLUSTER: &[(&str, Type)] = &[
    ("dnsPrefix", Type::Text),
    ("kubernetesVersion", Type::Text),
    ("nodeResourceGroup", Type::Text),
    ("enableRBAC", Type::Bool),
    ("disableLocalAccounts", Type::Bool),
    ("supportPlan", Type::Text),
    ("aadProfile", Type::Object),
    ("addonProfiles", Type::Object),
    ("apiServerAccessProfile", Type::Object),
    ("autoUpgradeProfile", Type::Object),
    ("azureMonitorProfile", Type::Object),
    ("azureMonitorProfile.metrics", Type::Object),
    ("azureMonitorProfile.containerInsights", Type::Object),
    ("identityProfile", Type::Object),
    ("metricsProfile", Type::Object),
    ("networkProfile", Type::Object),
    ("oidcIssuerProfile", Type::Object),
    ("securityProfile", Type::Object),
    ("servicePrincipalProfile", Type::Object),
    ("agentPoolProfiles", Type::List),
    ("agentPoolProfiles[]", Type::Object),
];

const POOL: &[(&str, Type)] = &[
    ("name", Type::Text),
    ("count", Type::Int32),
    ("minCount", Type::Int32),
    ("maxCount", Type::Int32),
    ("maxPods", Type::Int32),
    ("vmSize", Type::Text),
    ("mode", Type::Text),
    ("osType", Type::Text),
    ("osSKU", Type::Text),
    ("orchestratorVersion", Type::Text),
    ("enableAutoScaling", Type::Bool),
    ("nodeLabels", Type::Map),
    ("nodeTaints", Type::List),
    ("availabilityZones", Type::List),
    ("upgradeSettings", Type::Object),
    ("upgradeSettings.maxSurge", Type::Text),
];

/// 400 where something in the properties of a cluster is of the wrong type.
pub(super) fn check_cluster(properties: &Value) -> Result<(), Refusal> {
    shape::wrong(properties, CLUSTER).map_or(Ok(()), |wrong| Err(undecodable("Properties", &wrong)))
}

/// 400 where something in an agent pool is of the wrong type.
pub(super) fn check_pool(pool: &Value) -> Result<(), Refusal> {
    shape::wrong(pool, POOL).map_or(Ok(()), |wrong| Err(undecodable("ManagedClusterAgentPoolProfile", &wrong)))
}

fn undecodable(of: &str, Wrong { path, found, wanted }: &Wrong) -> Refusal {
    let path = path.replace("[]", "");
    Refusal::bad(
        "UnmarshalError",
        format!(
            "UnmarshalEntity encountered error: json: cannot unmarshal {found} into Go struct field {of}.properties.{path} of type {}.",
            wanted.in_go()
        ),
    )
}
