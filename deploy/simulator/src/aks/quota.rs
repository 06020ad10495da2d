//! Refuses clusters and pools that want more cores than the subscription has left.

use serde_json::Value;

use crate::arm::Refusal;
use crate::compute::{self, SCALE_SETS, Size};
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// 400 where the pools of `cluster` want more cores than are left beside what its own nodes hold. `surging` are the
/// pools whose nodes are about to be replaced: each needs its surge nodes beside the old ones for a while.
pub fn check(draft: &Draft<'_>, world: &World, cluster: &Value, surging: &[String]) -> Result<(), Refusal> {
    let region = cluster["location"].as_str().unwrap_or_default();
    let group = cluster["properties"]["nodeResourceGroup"].as_str().unwrap_or_default();
    let group = format!("{}/resourceGroups/{group}/", world.subscription_id());
    let own = resources::of_kind(draft, &group, SCALE_SETS);
    let pools: Vec<(&Value, Size)> = cluster["properties"]["agentPoolProfiles"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pool| Some((pool, compute::size(pool["vmSize"].as_str()?)?)))
        .collect();
    let families = pools.iter().map(|(_, size)| size.family).chain(["cores"]);
    for family in families {
        let counts = |size: &Size| family == "cores" || size.family == family;
        let wanted: i64 =
            pools.iter().filter(|(_, size)| counts(size)).map(|(pool, size)| size.cores * nodes(pool, surging)).sum();
        let held: i64 = own
            .iter()
            .filter_map(|set| Some((set, compute::size(set.body["sku"]["name"].as_str()?)?)))
            .filter(|(_, size)| counts(size))
            .map(|(set, size)| size.cores * capacity(set))
            .sum();
        let more = wanted - held;
        let limit = compute::core_limit(draft, region, family);
        let left = limit - compute::used_cores(draft, region, family);
        if more > 0 && more > left {
            return Err(insufficient(family, region, more, left));
        }
    }
    Ok(())
}

fn capacity(set: &Resource) -> i64 {
    set.body["sku"]["capacity"].as_i64().unwrap_or(0)
}

/// The nodes of a pool, and those that stand beside them during an upgrade.
fn nodes(pool: &Value, surging: &[String]) -> i64 {
    let count = pool["count"].as_i64().unwrap_or(0);
    let is_surging = pool["name"].as_str().is_some_and(|name| surging.iter().any(|one| one == name));
    if is_surging { count + surge(pool) } else { count }
}

/// How many nodes stand beside those of a pool during an upgrade: `maxSurge`, one of ten unless it says otherwise, and
/// at least one, but where `maxUnavailable` lets the pool shrink instead.
pub fn surge(pool: &Value) -> i64 {
    let count = pool["count"].as_i64().unwrap_or(0);
    if count == 0 {
        return 0;
    }
    let settings = &pool["upgradeSettings"];
    let more = share(settings["maxSurge"].as_str().unwrap_or("10%"), count).unwrap_or(1);
    more.max(i64::from(unavailable(pool) == 0))
}

/// How many nodes of a pool are replaced at the same time: as many as stand beside them, or where none does as many as
/// `maxUnavailable` lets go.
pub fn at_once(pool: &Value) -> usize {
    let surge = surge(pool);
    let nodes = if surge > 0 { surge } else { unavailable(pool) };
    usize::try_from(nodes).unwrap_or(1).max(1)
}

fn unavailable(pool: &Value) -> i64 {
    let most = pool["upgradeSettings"]["maxUnavailable"].as_str().unwrap_or("0");
    share(most, pool["count"].as_i64().unwrap_or(0)).unwrap_or(0)
}

/// A number of nodes, or a percentage of them, which is rounded up.
fn share(text: &str, count: i64) -> Option<i64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(count.saturating_mul(percent.parse::<u16>().ok()?.into()).saturating_add(99) / 100),
        None => text.parse::<u16>().ok().map(i64::from),
    }
}

fn insufficient(family: &str, region: &str, more: i64, left: i64) -> Refusal {
    let message = match family {
        "cores" => format!(
            "Insufficient regional vcpu quota left for location {region}. left regional vcpu quota {left}, requested quota {more}. If you want to increase the quota, please follow this instruction: https://docs.microsoft.com/en-us/azure/azure-portal/supportability/view-quotas. Surge nodes would also consume vcpu quota, please consider use smaller maxSurge or use maxUnavailable to proceed upgrade without surge nodes, details: aka.ms/aks/maxUnavailable."
        ),
        _ => format!(
            "Insufficient vcpu quota requested {more}, remaining {left} for family {family} for region {region}."
        ),
    };
    Refusal::bad("ErrCode_InsufficientVCPUQuota", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_upgrade_needs_its_surge_nodes_too() {
        let surging = ["system".to_owned()];
        for (pool, expected) in [
            (json!({"name": "system", "count": 3}), 4),
            (json!({"name": "system", "count": 30}), 33),
            (json!({"name": "system", "count": 3, "upgradeSettings": {"maxSurge": "50%"}}), 5),
            (json!({"name": "system", "count": 3, "upgradeSettings": {"maxSurge": "2"}}), 5),
            (json!({"name": "system", "count": 3, "upgradeSettings": {"maxSurge": "0", "maxUnavailable": "1"}}), 3),
            (json!({"name": "user", "count": 3}), 3),
        ] {
            assert_eq!(nodes(&pool, &surging), expected, "{pool}");
        }
    }

    #[test]
    fn as_many_are_replaced_at_once_as_the_settings_say() {
        for (settings, expected) in [
            (json!({}), 1),
            (json!({"maxSurge": "3"}), 3),
            (json!({"maxSurge": "33%"}), 4),
            (json!({"maxSurge": "0", "maxUnavailable": "2"}), 2),
            (json!({"maxSurge": "0", "maxUnavailable": "25%"}), 3),
            (json!({"maxSurge": "nonsense"}), 1),
            (json!({"maxSurge": "-9%", "maxUnavailable": "99999999999"}), 1),
        ] {
            let pool = json!({"count": 10, "upgradeSettings": settings});
            assert_eq!(at_once(&pool), expected, "{pool}");
        }
    }
}
