//! Management locks that will refuse what the plan does.

use super::{Question, REGISTRY_ROLE, Warning, deny, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::{Finding, Verb};
use serde_json::Value;

pub(super) struct Locks;

/// Where a lock lies, and everything below it.
fn scope(lock: &Value) -> Option<&str> {
    let id = lock["id"].as_str()?;
    let place = id.to_ascii_lowercase().find("/providers/microsoft.authorization/locks/")?;
    id.get(..place)
}

#[async_trait]
impl Warning for Locks {
    fn about(&self) -> &'static str {
        "management locks"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let place = question.place();
        let path = format!("{}/providers/Microsoft.Authorization/locks", place.subscription());
        let lower = |id: &str| id.to_ascii_lowercase();
        // The group of its nodes comes and goes with the cluster.
        let groups = [place.resource_group(), place.node_group()].map(|group| lower(group.as_str()));
        // On the registry a role is given or taken, and nothing else is done in it.
        let at_registry = question.plan.lines.iter().any(|line| line.step == REGISTRY_ROLE && line.verb != Verb::Keep);
        let registry = if at_registry { question.registry().await?.map(|id| lower(&id)) } else { None };
        let concerns = |scope: &str| {
            let scope = lower(scope);
            let at_or_above = |id: &String| *id == scope || id.starts_with(&format!("{scope}/"));
            let inside = |id: &String| scope.starts_with(&format!("{id}/"));
            groups.iter().any(|group| at_or_above(group) || inside(group)) || registry.as_ref().is_some_and(at_or_above)
        };
        let locks = question.list(&path, None).await?;
        let mut findings = Vec::new();
        for lock in locks.iter() {
            let Some(scope) = scope(lock).filter(|scope| concerns(scope)) else { continue };
            let name = lock["name"].as_str().unwrap_or("without a name");
            let at = scope.rsplit('/').next().unwrap_or(scope);
            let way = format!("its owner can remove it, for example with `az lock delete --name {name} …`");
            match lock["properties"]["level"].as_str() {
                Some("ReadOnly") if question.builds() || question.removes() => {
                    findings.push(deny("", format!("The lock {name} on {at} refuses every change: {way}.")));
                }
                Some("CanNotDelete") if question.removes() => {
                    findings.push(deny("", format!("The lock {name} on {at} refuses every removal: {way}.")));
                }
                Some("CanNotDelete") => {
                    let sentence = format!("The lock {name} on {at} refuses every removal, a roll back too.");
                    findings.push(warn(None, sentence));
                }
                _ => {}
            }
        }
        Ok(findings)
    }
}
