//! Answers what was billed, as Azure Cost Management does: by the list's own prices, for as long as things stood.
//! Shapes: Microsoft.CostManagement of 2023-11-01; refusals as its clients have published them.
mod query;
mod table;
mod usage;

pub(crate) use usage::{end, going_on};

use crate::parts::Parts;

/// Adds the query of costs.
pub fn attach(parts: &mut Parts) {
    parts.add_function(query::Query);
}
