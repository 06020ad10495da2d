//! Azure Kubernetes Service as Azure's resource manager shows it: clusters, agent pools, versions, credentials.
//!
//! What runs inside a cluster is [`crate::kubernetes`]; this module makes it begin and end.

pub mod addons;
pub mod autoscaler;
pub mod body;
pub mod clusters;
pub mod credentials;
pub mod etags;
pub mod lanes;
pub mod lockdown;
pub mod maintenance;
pub mod node_group;
pub mod outcome;
pub mod pool_body;
pub mod pools;
pub mod power;
pub mod quota;
pub mod rotation;
pub mod sizes;
mod types;
pub mod upgrade;
pub mod upkeep;
pub mod versions;
pub mod window;

use std::sync::Arc;

use crate::kubernetes::Clusters;
use crate::parts::Parts;

/// Adds clusters and what belongs to them.
pub fn attach(parts: &mut Parts, running: &Arc<Clusters>) {
    parts.add_kind(clusters::ManagedClusters { running: running.clone() });
    parts.add_kind(pools::AgentPools { running: running.clone() });
    parts.add_kind(maintenance::MaintenanceConfigurations);
    parts.add_function(versions::Versions);
    parts.add_start(upkeep::Upkeep);
    parts.add_start(autoscaler::Autoscaler { running: running.clone() });
}
