//! Refuses clusters and pools that want more cores than the subscription has left.

use serde_json::Value;

use crate::arm::Refusal;
use crate::compute;
use crate::state::Draft;
use crate::world::World;

/// 400 where the pools want more cores than the subscription has left.
pub fn check(draft: &Draft<'_>, world: &World, cluster: &Value, standing: Option<&Value>) -> Result<(), Refusal> {
    let region = cluster["location"].as_str().unwrap_or_default();
    let cores = |cluster: &Value, family: &str| -> i64 {
        let pools = cluster["properties"]["agentPoolProfiles"].as_array().into_iter().flatten();
        pools
            .filter_map(|pool| {
                let size = compute::size(pool["vmSize"].as_str()?)?;
                (family == "cores" || size.family == family).then(|| size.cores * pool["count"].as_i64().unwrap_or(0))
            })
            .sum()
    };
    let pools = cluster["properties"]["agentPoolProfiles"].as_array().into_iter().flatten();
    let families = pools.filter_map(|pool| Some(compute::size(pool["vmSize"].as_str()?)?.family)).chain(["cores"]);
    for family in families {
        let more = cores(cluster, family) - standing.map_or(0, |it| cores(it, family));
        let left = compute::core_limit(draft, region, family)
            - compute::used_cores(draft, &world.subscription_id(), region, family);
        if more > left {
            return Err(Refusal::bad(
                "ErrCode_InsufficientVCPUQuota",
                format!(
                    "Insufficient vcpu quota requested {more}, remaining {left} for family {family} for region {region}."
                ),
            ));
        }
    }
    Ok(())
}
