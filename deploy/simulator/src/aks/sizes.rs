//! Refuses sizes of machines that the subscription may not use where a pool wants them.

use serde_json::Value;

use crate::arm::Refusal;
use crate::compute::{self, Restriction, SIZES};
use crate::state::Draft;

/// 400 where a pool of the cluster wants a size that is restricted in its region, or in a zone that it names.
pub fn check(draft: &Draft<'_>, cluster: &Value) -> Result<(), Refusal> {
    let region = cluster["location"].as_str().unwrap_or_default();
    let restricted = compute::restrictions(draft, Some(region));
    let pools = cluster["properties"]["agentPoolProfiles"].as_array().into_iter().flatten();
    for pool in pools {
        let size = pool["vmSize"].as_str().unwrap_or_default();
        let own = restricted.iter().filter(|one| one.name.eq_ignore_ascii_case(size));
        for restriction in own {
            if restriction.zones.is_empty() {
                return Err(not_allowed(size, region, &restricted));
            }
            let zones = pool["availabilityZones"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if let Some(zone) = zones.into_iter().find(|zone| restriction.zones.contains(*zone)) {
                return Err(Refusal::bad(
                    "AvailabilityZoneNotSupported",
                    format!(
                        "Preflight validation check for resource(s) for container service {} failed. Message: The zone(s) '{zone}' for resource '{}' is not supported. The supported zones for location '{region}' and VM size {size} do not include it.",
                        cluster["name"].as_str().unwrap_or_default(),
                        pool["name"].as_str().unwrap_or_default(),
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// 400 `BadRequest` with the sizes that are allowed.
pub fn not_allowed(asked: &str, region: &str, restricted: &[Restriction]) -> Refusal {
    let is_free =
        |name: &str| !restricted.iter().any(|one| one.zones.is_empty() && one.name.eq_ignore_ascii_case(name));
    let known: Vec<String> =
        SIZES.iter().filter(|size| is_free(size.name)).map(|size| size.name.to_lowercase()).collect();
    Refusal::bad(
        "BadRequest",
        format!(
            "The VM size of {asked} is not allowed in your subscription in location '{region}'. The available VM sizes are '{}'",
            known.join(",")
        ),
    )
}
