//! Whether the region has enough free cores of the nodes' family, the node that an upgrade adds for a while counted.

use super::node_size::{of_name, sizes};
use super::{Question, Warning, deny, warn};
use async_trait::async_trait;
use azure::Error;
use domain::plan::{Finding, Verb};
use serde_json::Value;

pub(super) struct Cores;

/// Nodes that an upgrade adds for a while: `maxSurge` of the pool.
const SURGE: i64 = 1;
/// The total of all families in a region.
const REGION: &str = "cores";

fn cores_of(size: &Value) -> Option<i64> {
    let capability = size["capabilities"].as_array()?.iter().find(|one| one["name"] == "vCPUs")?;
    capability["value"].as_str()?.parse().ok()
}

#[async_trait]
impl Warning for Cores {
    fn about(&self) -> &'static str {
        "the quota of cores"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let wish = question.subject.wish;
        let Some(line) = question.plan.lines.iter().find(|line| line.step == "cluster" && line.verb != Verb::Keep)
        else {
            return Ok(Vec::new());
        };
        let sizes = sizes(question).await?;
        let Some(size) = of_name(&sizes, wish.cluster.node_size.as_str()) else { return Ok(Vec::new()) };
        let (Some(cores), Some(family)) = (cores_of(size), size["family"].as_str()) else { return Ok(Vec::new()) };
        let nodes = i64::from(wish.cluster.nodes);
        let before = |field: &str| line.changes.iter().find(|change| change.field.ends_with(field));
        let stood = match line.verb {
            Verb::Create => 0,
            _ => before(".count").map_or(Some(nodes), |change| change.from.parse().ok()).unwrap_or_default(),
        };
        // Of a cluster that stands only the nodes that come in addition count.
        let had = if line.verb == Verb::Replace { 0 } else { stood };
        let more = (nodes - had) * cores;
        if more <= 0 {
            return Ok(Vec::new());
        }
        // One that is replaced is gone before the next one is made.
        let former = before(".vmSize").map_or(Some(size), |change| of_name(&sizes, &change.from));
        let goes = former.filter(|_| line.verb == Verb::Replace);
        let goes = goes.and_then(|former| Some((former["family"].as_str()?, cores_of(former)? * stood)));
        let freed = |name: &str| match goes {
            Some((family, cores)) if name == REGION || name == family => cores,
            _ => 0,
        };
        let place = question.place();
        let path = format!("{}/providers/Microsoft.Compute/locations/{}/usages", place.subscription(), wish.region);
        let usages = question.list(&path, None).await?;
        let of = |name: &str| usages.iter().find(|usage| usage["name"]["value"].as_str() == Some(name));
        let full = [family, REGION].into_iter().filter_map(|name| Some((name, of(name)?))).find_map(|(name, usage)| {
            let free = usage["limit"].as_i64()? - usage["currentValue"].as_i64()? + freed(name);
            (free < more + SURGE * cores).then_some((name, free))
        });
        let Some((name, free)) = full else { return Ok(Vec::new()) };
        let of = if name == REGION {
            format!("cores in {}", wish.region)
        } else {
            format!("cores of {family} in {}", wish.region)
        };
        Ok(vec![if free < more {
            let fits = free / cores + had;
            let way = match fits {
                1.. => format!("up to {fits} nodes would pass"),
                _ => "another size or region would pass".to_owned(),
            };
            deny(
                "nodes",
                format!(
                    "{more} {of} are asked for and {free} are free: {way}, or end an environment that is not needed."
                ),
            )
        } else {
            warn(
                Some("nodes"),
                format!("{free} {of} are free for {more}: none is left for the node that an upgrade adds for a while."),
            )
        }])
    }
}
