//! The cluster acts through an identity that Azure keeps: no service principal whose secret could leak or end.

use super::{Check, Found, Subject};
use async_trait::async_trait;

pub(super) struct ClusterIdentity;

#[async_trait]
impl Check for ClusterIdentity {
    fn key(&self) -> &'static str {
        "cluster-identity"
    }

    fn title(&self) -> &'static str {
        "Cluster has a system-assigned identity, no service principal and no local account"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let Some(cluster) = subject.cluster().await? else {
            return Ok(Found::failed("not there", "The cluster is gone.", "Ask for the environment anew."));
        };
        let identity = cluster["identity"]["type"].as_str().unwrap_or("none");
        let principal = cluster["properties"]["servicePrincipalProfile"]["clientId"].as_str().unwrap_or("none");
        let local_off = cluster["properties"]["disableLocalAccounts"].as_bool().unwrap_or(false);
        let remedy = "Update the cluster to a system-assigned identity and switch its local accounts off.";
        let found = if identity != "SystemAssigned" || principal != "msi" {
            Found::failed(
                format!("identity {identity}, service principal {principal}"),
                "The cluster acts through a service principal; its secret ends one day, and the app cannot get an identity from it.",
                remedy,
            )
        } else if !local_off {
            Found::failed(
                "local accounts are on",
                "Whoever holds the cluster's admin certificate passes by all roles.",
                remedy,
            )
        } else {
            Found::passed("system-assigned, local accounts off")
        };
        let principal_id = cluster["identity"]["principalId"].as_str().unwrap_or("none");
        Ok(found
            .with("identity", identity)
            .with("principal", principal_id)
            .with("service principal", principal)
            .with("local accounts", if local_off { "off" } else { "on" }))
    }
}
