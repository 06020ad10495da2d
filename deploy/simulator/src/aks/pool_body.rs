//! Reads one agent pool of a cluster's body as AKS does: refuses what it refuses, fills in what it fills in.

use serde_json::{Value, json};

use super::body::{default, invalid};
use super::types;
use super::versions::Offer;
use crate::arm::Refusal;
use crate::compute;

/// Checks and fills in one agent pool.
pub fn complete_pool(
    offer: &Offer,
    pool: &mut Value,
    version: &str,
    location: &str,
    most_pods: i64,
) -> Result<(), Refusal> {
    types::check_pool(pool)?;
    let name = pool["name"].as_str().unwrap_or_default().to_owned();
    let fits = (1..=12).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !fits {
        return Err(invalid(
            "agentPoolProfile.name",
            format!(
                "The agent pool name '{name}' is invalid. Agent pool name must start with a lowercase letter, have max length of 12, and only have characters a-z0-9."
            ),
        ));
    }
    default(pool, "mode", json!("User"));
    default(pool, "type", json!("VirtualMachineScaleSets"));
    default(pool, "osType", json!("Linux"));
    default(pool, "osSKU", json!("Ubuntu"));
    default(pool, "osDiskSizeGB", json!(128));
    default(pool, "osDiskType", json!("Managed"));
    default(pool, "kubeletDiskType", json!("OS"));
    default(pool, "maxPods", json!(most_pods));
    default(pool, "count", json!(1));
    default(pool, "enableAutoScaling", json!(false));
    default(pool, "enableFIPS", json!(false));
    default(pool, "scaleDownMode", json!("Delete"));
    default(pool, "vmSize", json!("Standard_D2s_v5"));
    let least = i64::from(pool["mode"] == "System");
    let count = pool["count"].as_i64().unwrap_or(-1);
    if !(least..=1000).contains(&count) {
        return Err(invalid(
            "agentPoolProfile.count",
            format!(
                "The value of parameter agentPoolProfile.count is invalid: {} is not between {least} and 1000.",
                pool["count"]
            ),
        ));
    }
    if pool["enableAutoScaling"] == true {
        check_bounds(pool, count)?;
    }
    let asked = pool["vmSize"].as_str().unwrap_or_default();
    let size = compute::size(asked).ok_or_else(|| super::sizes::not_allowed(asked, location, &[]))?;
    if pool["mode"] == "System" && size.memory_gb < 4 {
        return Err(Refusal::bad(
            "BadRequest",
            format!("System node pool must use VM sku with more than 2 cores and 4GB memory, got {asked}."),
        ));
    }
    let asked = pool["orchestratorVersion"].as_str().unwrap_or_default();
    let of_pool = match asked.is_empty() || version.starts_with(asked) {
        true => Some(version),
        // The plan is the cluster's matter.
        false => offer.resolve(asked, true).ok(),
    };
    let Some(of_pool) = of_pool.map(str::to_owned) else {
        return Err(Refusal::bad(
            "AgentPoolK8sVersionNotSupported",
            format!(
                "Version {asked} is not supported in this region. Please use [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list"
            ),
        ));
    };
    default(pool, "orchestratorVersion", json!(of_pool));
    pool["currentOrchestratorVersion"] = json!(of_pool);
    pool["powerState"] = json!({"code": "Running"});
    if let Some(pool) = pool.as_object_mut().filter(|pool| pool.get("nodeTaints").is_some_and(|it| *it == json!([]))) {
        pool.remove("nodeTaints");
    }
    Ok(())
}

/// An autoscaled pool names how many nodes it has at least and at most, and begins between them.
fn check_bounds(pool: &Value, count: i64) -> Result<(), Refusal> {
    let (Some(least), Some(most)) = (pool["minCount"].as_i64(), pool["maxCount"].as_i64()) else {
        return Err(invalid(
            "agentPoolProfile.enableAutoScaling",
            "minCount and maxCount have to be set where enableAutoScaling is true.",
        ));
    };
    if least <= count && count <= most {
        return Ok(());
    }
    Err(invalid(
        "agentPoolProfile.count",
        format!(
            "The count {count} of an autoscaled pool has to be between its minCount {least} and its maxCount {most}."
        ),
    ))
}
