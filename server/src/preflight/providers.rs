//! Resource providers that the subscription has never used: their registration takes minutes, once.

use super::{Question, Warning, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::Finding;

pub(super) struct Providers;

/// Those that the plan names and that the subscription has never used.
pub(super) async fn missing<'a>(question: &Question<'a>) -> Result<Vec<&'a str>, Error> {
    let path = format!("{}/providers", question.place().subscription());
    let providers = question.list(&path, None).await?;
    let line = question.plan.lines.iter().find(|line| line.step == "providers");
    let named: Vec<&str> = line.map(|line| line.detail.split(", ").collect()).unwrap_or_default();
    let registered = |name: &&str| {
        let namespace = format!("Microsoft.{name}");
        providers.iter().any(|one| {
            one["namespace"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&namespace))
                && one["registrationState"] == "Registered"
        })
    };
    Ok(named.into_iter().filter(|name| !registered(name)).collect())
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
