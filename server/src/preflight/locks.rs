//! Management locks that will refuse what the plan does.

use super::{Question, Warning, deny, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::Finding;
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
        let group = place.resource_group().as_str().to_ascii_lowercase();
        let concerns = |scope: &str| {
            let scope = scope.to_ascii_lowercase();
            // At or above the environment's group, or on something in it.
            group == scope || group.starts_with(&format!("{scope}/")) || scope.starts_with(&format!("{group}/"))
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
