//! Several identities on the nodes of a cluster that stands, where the app relies on the default one.

use super::{Question, Warning, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::{Finding, Verb};
use domain::wish::AppIdentity;
use std::collections::BTreeSet;

pub(super) struct Identities;

#[async_trait]
impl Warning for Identities {
    fn about(&self) -> &'static str {
        "the identities on the nodes"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let stands = |verb| matches!(verb, Verb::Change | Verb::Keep);
        let stands = question.plan.lines.iter().any(|line| line.step == "cluster" && stands(line.verb));
        if !stands || question.subject.wish.roles.app_identity != AppIdentity::AgentPool {
            return Ok(Vec::new());
        }
        let path = format!("{}/providers/Microsoft.Compute/virtualMachineScaleSets", question.place().node_group());
        let sets = question.list(&path, None).await?;
        let identities = sets.iter().filter_map(|set| set["identity"]["userAssignedIdentities"].as_object());
        let names: BTreeSet<&str> =
            identities.flat_map(|found| found.keys()).map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
        let said = || {
            let listed = names.iter().copied().collect::<Vec<_>>().join(", ");
            let sentence = format!(
                "The nodes have {} identities ({listed}): the token endpoint refuses to choose, and the app gets no token. Workload identity would pass.",
                names.len()
            );
            warn(Some("app_identity"), sentence)
        };
        Ok((names.len() > 1).then(said).into_iter().collect())
    }
}
