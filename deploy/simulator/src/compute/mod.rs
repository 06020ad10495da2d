//! Virtual machines as far as clusters need them: sizes, quota, and the scale sets that the nodes are.

mod quota;
mod sizes;

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::{Kind, Parts};
use crate::world::World;

pub use quota::{core_limit, limits, set_limit, used_cores};
pub use sizes::{Restriction, SIZES, Size, clear_restrictions, restrict, restrictions, size};

/// The provider type of scale sets.
pub const SCALE_SETS: &str = "Microsoft.Compute/virtualMachineScaleSets";

/// Adds scale sets, sizes and usages.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(ScaleSets);
    parts.add_function(sizes::Skus);
    parts.add_function(quota::Usages);
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
