//! Resource providers that the subscription has never used: their registration takes minutes, once.

use super::{Question, Warning, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::Finding;
use serde_json::Value;
use std::sync::Arc;

pub(super) struct Providers;

/// Whether a namespace is among the subscription's providers, and registered there.
fn is_registered(providers: &[Value], namespace: &str) -> bool {
    providers.iter().any(|one| {
        one["namespace"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(namespace))
            && one["registrationState"] == "Registered"
    })
}

/// Whether the subscription uses the provider of that namespace.
pub(super) async fn has(question: &Question<'_>, namespace: &str) -> Result<bool, Error> {
    Ok(is_registered(&all(question).await?, namespace))
}

async fn all(question: &Question<'_>) -> Result<Arc<Vec<Value>>, Error> {
    question.list(&format!("{}/providers", question.place().subscription()), None).await
}

/// Those that the plan names and that the subscription has never used.
pub(super) async fn missing<'a>(question: &Question<'a>) -> Result<Vec<&'a str>, Error> {
    let providers = all(question).await?;
    let line = question.plan.lines.iter().find(|line| line.step == "providers");
    let named: Vec<&str> = line.map(|line| line.detail.split(", ").collect()).unwrap_or_default();
    Ok(named.into_iter().filter(|name| !is_registered(&providers, &format!("Microsoft.{name}"))).collect())
}

#[async_trait]
impl Warning for Providers {
    fn about(&self) -> &'static str {
        "the resource providers"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        if !question.makes("providers") {
            return Ok(Vec::new());
        }
        let missing = missing(question).await?;
        let said = || {
            let (names, them) = (missing.join(", "), if missing.len() == 1 { "it" } else { "them" });
            let sentence = format!(
                "The subscription has never used {names}: the job registers {them} first, which takes some minutes once."
            );
            warn(None, sentence)
        };
        Ok((!missing.is_empty()).then(said).into_iter().collect())
    }
}
