//! Names that Azure makes of ours and cuts off where they are too long.

use super::{Question, Warning, deny};
use async_trait::async_trait;
use azure::Error;
use domain::naming;
use domain::plan::Finding;

pub(super) struct Names;

/// Of a node resource group; longer ones are refused by AKS.
const MOST: usize = 80;

#[async_trait]
impl Warning for Names {
    fn about(&self) -> &'static str {
        "the names that Azure makes"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let name = naming::node_resource_group(question.subject.wish);
        let long = name.chars().count();
        let finding = || {
            let sentence = format!(
                "The nodes' resource group {name} would have {long} characters, and Azure allows {MOST}: a shorter name would pass."
            );
            deny("name", sentence)
        };
        Ok((long > MOST).then(finding).into_iter().collect())
    }
}
