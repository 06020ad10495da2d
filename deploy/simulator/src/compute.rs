//! Virtual machines as far as clusters need them: sizes, quota, and the scale sets that the nodes are.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::{Function, Kind, Parts};
use crate::resources;
use crate::state::Draft;
use crate::world::World;

/// The provider type of scale sets.
pub const SCALE_SETS: &str = "Microsoft.Compute/virtualMachineScaleSets";
/// The collection of limits that differ from the usual one: `{"limit": CORES}` under `REGION/FAMILY`.
pub const QUOTAS: &str = "quotas";
/// Cores of one family, and of all together, that a subscription may use in a region unless its quota says otherwise.
const USUAL_LIMIT: i64 = 2000;

/// A size of machine.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub name: &'static str,
    pub family: &'static str,
    pub cores: i64,
    pub memory_gb: i64,
}

const fn of(name: &'static str, family: &'static str, cores: i64, memory_gb: i64) -> Size {
    Size { name, family, cores, memory_gb }
}

/// The sizes that this subscription may use, in every region.
pub const SIZES: &[Size] = &[
    of("Standard_B2s", "standardBSFamily", 2, 4),
    of("Standard_B2ms", "standardBSFamily", 2, 8),
    of("Standard_B4ms", "standardBSFamily", 4, 16),
    of("Standard_B2s_v2", "standardBsv2Family", 2, 8),
    of("Standard_B4s_v2", "standardBsv2Family", 4, 16),
    of("Standard_DS2_v2", "standardDSv2Family", 2, 7),
    of("Standard_D2_v5", "standardDv5Family", 2, 8),
    of("Standard_D4_v5", "standardDv5Family", 4, 16),
    of("Standard_D2s_v5", "standardDSv5Family", 2, 8),
    of("Standard_D4s_v5", "standardDSv5Family", 4, 16),
    of("Standard_D8s_v5", "standardDSv5Family", 8, 32),
    of("Standard_D16s_v5", "standardDSv5Family", 16, 64),
    of("Standard_D2ds_v5", "standardDDSv5Family", 2, 8),
    of("Standard_D4ds_v5", "standardDDSv5Family", 4, 16),
    of("Standard_D8ds_v5", "standardDDSv5Family", 8, 32),
    of("Standard_D2as_v5", "standardDASv5Family", 2, 8),
    of("Standard_D4as_v5", "standardDASv5Family", 4, 16),
    of("Standard_D2s_v6", "standardDSv6Family", 2, 8),
    of("Standard_D4s_v6", "standardDSv6Family", 4, 16),
    of("Standard_E2s_v5", "standardESv5Family", 2, 16),
    of("Standard_E4s_v5", "standardESv5Family", 4, 32),
    of("Standard_F2s_v2", "standardFSv2Family", 2, 4),
    of("Standard_F4s_v2", "standardFSv2Family", 4, 8),
];

/// The size of that name, in any case of letters.
pub fn size(name: &str) -> Option<Size> {
    SIZES.iter().copied().find(|size| size.name.eq_ignore_ascii_case(name))
}

/// How many cores of a family (or, as `cores`, of all) the scale sets of a region hold.
pub fn used_cores(draft: &Draft<'_>, subscription: &str, region: &str, family: &str) -> i64 {
    let sets = resources::of_kind(draft, subscription, SCALE_SETS);
    let here = sets.iter().filter(|set| set.body["location"] == region);
    here.filter_map(|set| {
        let size = size(set.body["sku"]["name"].as_str()?)?;
        let counts = family == "cores" || size.family.eq_ignore_ascii_case(family);
        counts.then(|| size.cores * set.body["sku"]["capacity"].as_i64().unwrap_or(0))
    })
    .sum()
}

/// How many cores the subscription may use.
pub fn core_limit(draft: &Draft<'_>, region: &str, family: &str) -> i64 {
    let own = draft.get(QUOTAS, &format!("{region}/{family}").to_ascii_lowercase());
    own.and_then(|it| it["limit"].as_i64()).unwrap_or(USUAL_LIMIT)
}

/// Adds scale sets, sizes and usages.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(ScaleSets);
    parts.add_function(Skus);
    parts.add_function(Usages);
}

/// Scale sets are made by clusters; others only read them.
struct ScaleSets;

#[async_trait]
impl Kind for ScaleSets {
    fn name(&self) -> &'static str {
        SCALE_SETS
    }

    async fn put(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }
}

struct Skus;

#[async_trait]
impl Function for Skus {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.Compute/skus"
    }

    fn action(&self) -> &'static str {
        "Microsoft.Compute/skus/read"
    }

    async fn run(&self, _world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        // The one filter that the provider knows.
        let filter = ask.query.get("$filter").map(String::as_str).unwrap_or_default();
        let region = filter.split('\'').nth(1).unwrap_or("westeurope").to_ascii_lowercase();
        let value: Vec<Value> = SIZES.iter().map(|size| sku(size, &region)).collect();
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}

fn sku(size: &Size, region: &str) -> Value {
    let capability = |name: &str, value: String| json!({"name": name, "value": value});
    json!({
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.trim_start_matches("Standard_"),
        "family": size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": ["1", "2", "3"], "zoneDetails": []}],
        "capabilities": [
            capability("vCPUs", size.cores.to_string()),
            capability("MemoryGB", size.memory_gb.to_string()),
            capability("CpuArchitectureType", "x64".into()),
            capability("PremiumIO", "True".into()),
        ],
        "restrictions": [],
    })
}

struct Usages;

#[async_trait]
impl Function for Usages {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.Compute/locations/{location}/usages"
    }

    fn action(&self) -> &'static str {
        "Microsoft.Compute/locations/usages/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let region = ask.parts.get("location").map(|it| it.to_ascii_lowercase()).unwrap_or_default();
        let mut families: Vec<&str> = vec!["cores"];
        for size in SIZES {
            if !families.contains(&size.family) {
                families.push(size.family);
            }
        }
        let value: Vec<Value> = world.state.read(|draft| {
            let row = |family: &&str| {
                let title =
                    if *family == "cores" { "Total Regional vCPUs".to_string() } else { format!("{family} vCPUs") };
                json!({
                    "unit": "Count",
                    "currentValue": used_cores(draft, &world.subscription_id(), &region, family),
                    "limit": core_limit(draft, &region, family),
                    "name": {"value": family, "localizedValue": title},
                })
            };
            families.iter().map(row).collect()
        });
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}
