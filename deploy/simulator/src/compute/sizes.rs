//! The sizes of machines, and which of them the subscription may not use where.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arm::{Answer, Ask, Refusal, locations};
use crate::parts::Function;
use crate::state::Draft;
use crate::world::World;

/// The collection of restrictions, by `REGION/SIZE`.
const RESTRICTIONS: &str = "size-restrictions";

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

/// The sizes that there are, in every region; as of 2026-11.
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

/// A size that the subscription may not use in a region, or in some zones of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// For example `Standard_D2s_v5`.
    pub name: String,
    /// The region.
    pub location: String,
    /// The zones that are restricted; without any the whole region is.
    #[serde(default)]
    pub zones: BTreeSet<String>,
    /// `NotAvailableForSubscription`, or `QuotaId`.
    #[serde(default = "usual_reason")]
    pub reason: String,
}

fn usual_reason() -> String {
    "NotAvailableForSubscription".to_owned()
}

impl Restriction {
    fn shown(&self) -> Value {
        let mut place = json!({"locations": [self.location]});
        if !self.zones.is_empty() {
            place["zones"] = json!(self.zones);
        }
        json!({
            "type": if self.zones.is_empty() { "Location" } else { "Zone" },
            "values": [self.location], "restrictionInfo": place, "reasonCode": self.reason,
        })
    }
}

/// Writes a restriction over the one that stands.
pub fn restrict(draft: &mut Draft<'_>, restriction: &Restriction) {
    let id = format!("{}/{}", restriction.location, restriction.name).to_ascii_lowercase();
    draft.put(RESTRICTIONS, &id, json!(restriction));
}

/// Every restriction, or with a region those of it.
pub fn restrictions(draft: &Draft<'_>, region: Option<&str>) -> Vec<Restriction> {
    let prefix = region.map(|region| format!("{}/", region.to_ascii_lowercase())).unwrap_or_default();
    let found = draft.list_under(RESTRICTIONS, &prefix);
    found.into_iter().filter_map(|(_, one)| serde_json::from_value(one).ok()).collect()
}

/// Takes every restriction away.
pub fn clear_restrictions(draft: &mut Draft<'_>) {
    for (id, _) in draft.list(RESTRICTIONS) {
        draft.remove(RESTRICTIONS, &id);
    }
}

pub(super) struct Skus;

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

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        // The one filter that the provider knows.
        let filter = ask.query.get("$filter").map(String::as_str).unwrap_or_default();
        let regions = match filter.split('\'').nth(1) {
            Some(region) => vec![region.to_ascii_lowercase()],
            None => locations::names().into_iter().map(str::to_owned).collect(),
        };
        let value: Vec<Value> = world.state.read(|draft| {
            let of_region = |region: &String| {
                let restricted = restrictions(draft, Some(region));
                SIZES.iter().map(|size| sku(size, region, &restricted)).collect::<Vec<_>>()
            };
            regions.iter().flat_map(of_region).collect()
        });
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}

fn sku(size: &Size, region: &str, restricted: &[Restriction]) -> Value {
    let own = restricted.iter().filter(|one| one.name.eq_ignore_ascii_case(size.name));
    let own: Vec<Value> = own.map(Restriction::shown).collect();
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
        "restrictions": own,
    })
}
