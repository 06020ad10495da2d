//! A cluster that is removed and made again, because Azure does not change it in place.

use super::{Question, Warning, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::{Finding, Verb};

pub(super) struct Replaced;

#[async_trait]
impl Warning for Replaced {
    fn about(&self) -> &'static str {
        "what is replaced"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let replaced = question.plan.lines.iter().any(|line| line.step == "cluster" && line.verb == Verb::Replace);
        let said = || {
            let sentence = "Azure does not give nodes another size: the cluster is removed and made again, and the web app does not answer meanwhile.";
            warn(Some("node_size"), sentence.to_owned())
        };
        Ok(replaced.then(said).into_iter().collect())
    }
}
