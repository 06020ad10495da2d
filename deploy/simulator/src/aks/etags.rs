//! The tags by which clients see that a cluster, or one of its pools, is another than the one that they read.
//!
//! What is done to the cluster renews its tag and those of all its pools, what is done to a pool that pool's alone
//! (learn.microsoft.com/azure/aks/use-etags).

use serde_json::json;
use uuid::Uuid;

use super::pools;
use crate::resources::Resource;

/// Renews the tags after something was done to one pool, or (none) to the cluster.
pub fn renew(cluster: &mut Resource, pool: Option<&str>) {
    let tag = || json!(Uuid::new_v4().to_string());
    if pool.is_none() {
        cluster.body["eTag"] = tag();
    }
    for each in pools::all(cluster).filter(|each| pool.is_none_or(|pool| each["name"] == pool)) {
        each["eTag"] = tag();
    }
}
