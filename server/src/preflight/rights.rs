//! What Keystead's own identity may do, asked beforehand: which right is missing, where, and the command that grants it.

mod scopes;

use super::{Question, Warning, deny};
use async_trait::async_trait;
use azure::{Error, roles};
use domain::plan::Finding;
use domain::wish::{AppIdentity, TeamRole};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) struct Rights;

const CONTRIBUTOR: &str = "Contributor";
const RBAC_ADMINISTRATOR: &str = "Role Based Access Control Administrator";

/// What building needs, with the built-in role that grants it.
const BUILDING: [(&str, &str); 7] = [
    ("Microsoft.Resources/subscriptions/resourceGroups/write", CONTRIBUTOR),
    ("Microsoft.ContainerService/register/action", CONTRIBUTOR),
    ("Microsoft.ContainerService/managedClusters/write", CONTRIBUTOR),
    ("Microsoft.KeyVault/vaults/write", CONTRIBUTOR),
    ("Microsoft.KeyVault/deletedVaults/read", CONTRIBUTOR),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/write", CONTRIBUTOR),
    ("Microsoft.Authorization/roleAssignments/write", RBAC_ADMINISTRATOR),
];

/// What removing needs.
const REMOVING: [(&str, &str); 4] = [
    ("Microsoft.Resources/subscriptions/resourceGroups/delete", CONTRIBUTOR),
    ("Microsoft.ContainerService/managedClusters/delete", CONTRIBUTOR),
    ("Microsoft.KeyVault/vaults/delete", CONTRIBUTOR),
    ("Microsoft.Authorization/roleAssignments/delete", RBAC_ADMINISTRATOR),
];

/// Whether a pattern of a role (`*`, `Microsoft.KeyVault/*/read`) covers an action; case is no matter.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut rest = action.as_str();
    let parts: Vec<&str> = pattern.split('*').collect();
    for (place, part) in parts.iter().enumerate() {
        let found = if place == 0 { rest.starts_with(part).then_some(0) } else { rest.find(part) };
        let Some(at) = found else { return false };
        if place > 0 && place + 1 == parts.len() && !part.is_empty() {
            return rest.ends_with(part);
        }
        rest = &rest[at + part.len()..];
    }
    rest.is_empty() || pattern.ends_with('*')
}

fn any(patterns: &Value, action: &str) -> bool {
    let patterns = patterns.as_array().map_or(&[][..], Vec::as_slice);
    patterns.iter().filter_map(Value::as_str).any(|pattern| covers(pattern, action))
}

fn grants<'a>(permissions: &'a [Value], action: &str) -> impl Iterator<Item = &'a Value> {
    let grants: Vec<&Value> =
        permissions.iter().filter(|one| any(&one["actions"], action) && !any(&one["notActions"], action)).collect();
    grants.into_iter()
}

/// What Keystead's own identity is given at a scope, from above it too.
async fn permissions(question: &Question<'_>, scope: &str) -> Result<std::sync::Arc<Vec<Value>>, Error> {
    question.list(&format!("{scope}/providers/Microsoft.Authorization/permissions"), None).await
}

/// Whether Keystead may do this there.
pub(super) async fn may(question: &Question<'_>, scope: &str, action: &str) -> Result<bool, Error> {
    Ok(grants(&permissions(question, scope).await?, action).next().is_some())
}

#[async_trait]
impl Warning for Rights {
    fn about(&self) -> &'static str {
        "what Keystead itself may do"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let subscription = question.place().subscription();
        let permissions = permissions(question, subscription.as_str()).await?;
        let building = BUILDING.iter().filter(|_| question.builds());
        let removing = REMOVING.iter().filter(|_| question.removes());
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (action, role) in building.chain(removing) {
            if grants(&permissions, action).next().is_none() {
                missing.entry(role).or_default().push(action);
            }
        }
        let grant = |role: &str| question.grant(role, subscription.as_str());
        let mut findings: Vec<Finding> = missing
            .into_iter()
            .map(|(role, actions)| {
                deny("", format!("Keystead may not do {} on the subscription. {}", actions.join(", "), grant(role)))
            })
            .collect();
        findings.extend(conditional(question, &permissions));
        findings.extend(scopes::at_registry(question).await?);
        findings.extend(scopes::at_nodes(question).await?);
        Ok(findings)
    }
}

/// Where Keystead may give roles only under a condition: the roles of this plan that the condition does not name.
fn conditional(question: &Question<'_>, permissions: &[Value]) -> Option<Finding> {
    if !question.builds() {
        return None;
    }
    let conditions: Option<Vec<&str>> = grants(permissions, "Microsoft.Authorization/roleAssignments/write")
        .map(|one| one["condition"].as_str().filter(|condition| condition.contains("RoleDefinitionId")))
        .collect();
    // One grant without a condition is enough.
    let conditions = conditions.filter(|conditions| !conditions.is_empty())?;
    let wish = question.subject.wish;
    let app = match wish.roles.app_identity {
        AppIdentity::Workload | AppIdentity::AgentPool => roles::KEY_VAULT_SECRETS_USER,
    };
    let team = match wish.roles.team_role {
        TeamRole::Reader => roles::KEY_VAULT_READER,
        TeamRole::SecretsOfficer => roles::KEY_VAULT_SECRETS_OFFICER,
    };
    let needed = [app, team, roles::KEY_VAULT_SECRETS_OFFICER, roles::AKS_RBAC_CLUSTER_ADMIN];
    let missing: Vec<&str> = needed
        .iter()
        .filter(|role| !conditions.iter().any(|condition| condition.contains(role.id)))
        .map(|role| role.name)
        .collect();
    let sentence = || {
        format!(
            "Keystead may give only some roles, and {} is not among them: have the condition of its own role assignment name it too.",
            missing.join(", ")
        )
    };
    (!missing.is_empty()).then(|| deny("", sentence()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pattern_covers_what_azure_says_it_covers() {
        for (pattern, action, covered) in [
            ("*", "Microsoft.KeyVault/vaults/write", true),
            ("*/read", "Microsoft.KeyVault/vaults/read", true),
            ("*/read", "Microsoft.KeyVault/vaults/write", false),
            ("Microsoft.KeyVault/*", "microsoft.keyvault/vaults/write", true),
            ("Microsoft.Authorization/*/Write", "Microsoft.Authorization/roleAssignments/write", true),
            ("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/read", true),
            ("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/readMore", false),
        ] {
            assert_eq!(covers(pattern, action), covered, "{pattern} {action}");
        }
    }

    #[test]
    fn what_a_role_leaves_out_is_not_granted() {
        let contributor = [json!({ "actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"] })];
        assert!(grants(&contributor, "Microsoft.KeyVault/vaults/write").next().is_some());
        assert!(grants(&contributor, "Microsoft.Authorization/roleAssignments/write").next().is_none());
    }
}
