//! Whether the subscription may have machines of this size in this region.

use super::{Question, Warning, deny};
use async_trait::async_trait;
use azure::Error;
use domain::plan::Finding;
use serde_json::Value;

pub(super) struct NodeSize;

/// Every size of the region, with what restricts it.
pub(super) async fn sizes(question: &Question<'_>) -> Result<std::sync::Arc<Vec<Value>>, Error> {
    let path = format!("{}/providers/Microsoft.Compute/skus", question.place().subscription());
    let filter = format!("location eq '{}'", question.subject.wish.region);
    question.offered(&path, Some(&filter)).await
}

pub(super) fn of_name<'a>(sizes: &'a [Value], name: &str) -> Option<&'a Value> {
    sizes.iter().find(|size| size["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// A restriction to some zones leaves the others.
fn restricted(size: &Value) -> bool {
    let restrictions = size["restrictions"].as_array().map_or(&[][..], Vec::as_slice);
    restrictions.iter().any(|restriction| restriction["type"] == "Location")
}

#[async_trait]
impl Warning for NodeSize {
    fn about(&self) -> &'static str {
        "the size of the nodes"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        if !question.makes("cluster") {
            return Ok(Vec::new());
        }
        let sizes = sizes(question).await?;
        let (wanted, region) = (question.subject.wish.cluster.node_size.as_str(), &question.subject.wish.region);
        let sentence = match of_name(&sizes, wanted) {
            None => format!("{region} has no {wanted}: another size or another region would pass."),
            Some(size) if restricted(size) => {
                format!(
                    "This subscription may not have {wanted} in {region}: another size or another region would pass."
                )
            }
            Some(_) => return Ok(Vec::new()),
        };
        Ok(vec![deny("node_size", sentence)])
    }
}
