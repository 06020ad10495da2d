//! One identity on the nodes, or an app that does not care how many there are.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use azure::ResourceId;
use domain::wish::AppIdentity;
use std::collections::BTreeSet;

pub(super) struct NodeIdentities;

#[async_trait]
impl Check for NodeIdentities {
    fn key(&self) -> &'static str {
        "node-identities"
    }

    fn title(&self) -> &'static str {
        "Node identities are unambiguous, or the app does not depend on the default"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let group = subject.place().node_group();
        let path = format!("{group}/providers/Microsoft.Compute/virtualMachineScaleSets");
        let sets = subject.azure().arm().list(&path, None).await?;
        let names: BTreeSet<String> = sets
            .iter()
            .filter_map(|set| set["identity"]["userAssignedIdentities"].as_object())
            .flat_map(|identities| identities.keys())
            .map(|id| id.parse::<ResourceId>().map_or_else(|_| id.clone(), |id| id.name().to_owned()))
            .collect();
        let listed = names.iter().cloned().collect::<Vec<_>>().join(", ");
        let depends = subject.wish().roles.app_identity == AppIdentity::AgentPool;
        if sets.is_empty() {
            let found =
                Found::could_not_tell("no nodes found", "The cluster's node resource group shows no scale set.");
            return Ok(found.with("looked in", group.name()));
        }
        let found = match (names.len(), depends) {
            (0 | 1, _) => Found::passed(format!("{} found", names.len())),
            (many, false) => Found::passed(format!("{many} found, the app has its own")),
            (many, true) => {
                let found = Found::failed(
                    format!("{many} found, 1 expected"),
                    "Another identity was put on the nodes, as add-ons do. The token endpoint refuses to choose between them, so the app gets no token.",
                    "Give the app an identity of its own (workload identity), or take off the add-on that brought the second one.",
                );
                match refused(subject).await {
                    Some(words) => found.quoting(words),
                    None => found,
                }
            }
        };
        Ok(found.with("on the nodes", if listed.is_empty() { "none".to_owned() } else { listed }))
    }
}

/// What the token endpoint told a pod, in its own words.
async fn refused(subject: &Subject) -> Option<String> {
    let reports = subject.reports().await.ok()?;
    let causes = reports.iter().filter_map(|report| report.said.as_ref().ok()?.cause.as_ref());
    causes.into_iter().find(|cause| cause.stage == "identity").map(super::ready::Cause::words)
}
