//! How many cores the subscription may use, and how many it does: one row a family, and one for all together.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{SCALE_SETS, SIZES, size};
use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Function;
use crate::resources::RESOURCES;
use crate::state::{Draft, Texts};
use crate::world::World;

/// The collection of limits that differ from the usual one: `{"location", "family", "limit": CORES}` under `REGION/FAMILY`.
const QUOTAS: &str = "quotas";
/// Cores of one family, and of all together, that a subscription may use in a region unless its quota says otherwise.
/// Far above what Azure gives a new subscription (10 or 20), so that nobody who only looks around meets it.
const USUAL_LIMIT: i64 = 2000;

/// How many cores of a family (or, as `cores`, of all) the scale sets of a region hold.
pub fn used_cores(draft: &Draft<'_>, region: &str, family: &str) -> i64 {
    let machines = draft.sums(RESOURCES);
    let of = |([kind, place, name], count): (&Texts, i64)| {
        let size =
            size(name).filter(|_| kind.eq_ignore_ascii_case(SCALE_SETS) && place.eq_ignore_ascii_case(region))?;
        (family == "cores" || size.family.eq_ignore_ascii_case(family)).then_some(size.cores * count)
    };
    machines.iter().filter_map(of).sum()
}

/// Sets how many cores of a family (or, as `cores`, of all) the subscription may use; without a number the usual one.
pub fn set_limit(draft: &mut Draft<'_>, region: &str, family: &str, limit: Option<i64>) {
    let id = format!("{region}/{family}").to_ascii_lowercase();
    match limit {
        Some(limit) => draft.put(QUOTAS, &id, json!({"location": region, "family": family, "limit": limit})),
        None => draft.remove(QUOTAS, &id),
    }
}

/// Every limit that differs from the usual one.
pub fn limits(draft: &Draft<'_>) -> Vec<Value> {
    draft.list(QUOTAS).into_iter().map(|(_, limit)| limit).collect()
}

/// How many cores the subscription may use.
pub fn core_limit(draft: &Draft<'_>, region: &str, family: &str) -> i64 {
    let own = draft.get(QUOTAS, &format!("{region}/{family}").to_ascii_lowercase());
    own.and_then(|it| it["limit"].as_i64()).unwrap_or(USUAL_LIMIT)
}

pub(super) struct Usages;

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
                    "currentValue": used_cores(draft, &region, family),
                    "limit": core_limit(draft, &region, family),
                    "name": {"value": family, "localizedValue": title},
                })
            };
            families.iter().map(row).collect()
        });
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}
