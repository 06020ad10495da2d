//! Names of ours that Azure cannot give: too long for what it makes of them, or standing there already.

use super::{Question, Warning, deny};
use async_trait::async_trait;
use azure::Error;
use domain::naming;
use domain::plan::Finding;
use serde_json::Value;

pub(super) struct Names;

/// Of a node resource group; longer ones are refused by AKS.
const MOST: usize = 80;

#[async_trait]
impl Warning for Names {
    fn about(&self) -> &'static str {
        "the names on Azure"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let name = naming::node_resource_group(question.subject.wish);
        let mut findings: Vec<Finding> = too_long(&name).into_iter().collect();
        findings.extend(taken(question).await?);
        Ok(findings)
    }
}

/// With the names and regions of today none is: how it is made up is decided elsewhere.
fn too_long(name: &str) -> Option<Finding> {
    let long = name.chars().count();
    let sentence = || {
        format!(
            "The nodes' resource group {name} would have {long} characters, and Azure allows {MOST}: a shorter name would pass."
        )
    };
    (long > MOST).then(|| deny("name", sentence()))
}

/// A group of this name that another environment, a released one above all, or somebody else has left or made.
async fn taken(question: &Question<'_>) -> Result<Option<Finding>, Error> {
    if !question.makes("resource-group") {
        return Ok(None);
    }
    let path = format!("{}/resourceGroups", question.place().subscription());
    let groups = question.list(&path, None).await?;
    let wanted = naming::resource_group(question.subject.wish);
    let named = |group: &&Value| group["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&wanted));
    let Some(group) = groups.iter().find(named) else { return Ok(None) };
    Ok(match group["tags"]["keystead-environment-id"].as_str() {
        Some(owner) if owner == question.subject.environment.as_str() => None,
        owner => {
            let whose = match owner {
                Some(_) => ", left by an earlier environment",
                None => ", made by somebody else",
            };
            Some(deny(
                "name",
                format!(
                    "The resource group {wanted} stands on Azure already{whose}: another name would pass, or have the group removed."
                ),
            ))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{MOST, too_long};

    #[test]
    fn a_group_of_nodes_has_eighty_characters_at_most() {
        assert_eq!(too_long(&"x".repeat(MOST)), None);
        let found = too_long(&"x".repeat(MOST + 1)).map(|finding| finding.sentence);
        assert!(found.is_some_and(|sentence| sentence.contains("would have 81 characters, and Azure allows 80")));
    }
}
