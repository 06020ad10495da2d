//! What stands already of that which a plan in the making would create, as the picture of the subscription has it.

use super::{Question, providers};
use azure::Error;
use domain::plan::{Line, Verb};
use serde_json::Value;
use std::collections::BTreeSet;

/// The plan's lines, those that stand already as kept: a handful of lists, and no look at any resource of its own.
pub async fn standing(question: &Question<'_>) -> Result<Vec<Line>, Error> {
    let place = question.place();
    let subscription = place.subscription();
    let (groups, resources) = (format!("{subscription}/resourceGroups"), format!("{subscription}/resources"));
    let (groups, resources) = tokio::try_join!(question.list(&groups, None), question.list(&resources, None))?;
    let id = |one: &Value| Some(one["id"].as_str()?.to_lowercase());
    let there: BTreeSet<String> = groups.iter().chain(resources.iter()).filter_map(id).collect();
    let mut stands: BTreeSet<&str> = [
        ("resource-group", place.resource_group()),
        ("workspace", place.workspace()),
        ("cluster", place.cluster()),
        ("vault", place.vault()),
        ("app-identity", place.app_identity()),
        ("collection-rule", place.data_collection_rule()),
    ]
    .into_iter()
    .filter(|(_, id)| there.contains(&id.as_str().to_lowercase()))
    .map(|(step, _)| step)
    .collect();
    if providers::missing(question).await?.is_empty() {
        stands.insert("providers");
    }
    let as_it_is = |line: &Line| match line.verb {
        Verb::Create if stands.contains(line.step.as_str()) => Line { verb: Verb::Keep, ..line.clone() },
        _ => line.clone(),
    };
    Ok(question.plan.lines.iter().map(as_it_is).collect())
}
