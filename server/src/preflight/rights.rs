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

fn grants<'a>(permissions: &'a [Value], action: &str) -> impl Iterator<Item = &'a Value> {
    permissions.iter().filter(move |one| roles::allows(one, action))
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
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::preflight::tests::{asked, line, wish};
    use domain::plan::{Verb, Weight};
    use serde_json::json;

    const GIVES: &str = "Microsoft.Authorization/roleAssignments/*";

    /// What is found where `permissions` are all that Keystead is given on the subscription.
    async fn found(verb: Verb, permissions: Value) -> Vec<Finding> {
        let wish = wish(&json!({ "web_app": { "image": "elsewhere.example/webapp:1", "replicas": 1, "port": 8080 } }));
        let lists = [("providers/Microsoft.Authorization/permissions", permissions)];
        asked(&wish, vec![line("vault", verb)], &lists, async |question| Rights.look(question).await.unwrap()).await
    }

    fn contributor() -> Value {
        json!({ "actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"] })
    }

    fn under(condition: Value) -> Value {
        json!({ "actions": [GIVES], "notActions": [], "condition": condition })
    }

    fn only(roles: &[&str]) -> Value {
        let guids = roles.join(", ");
        json!(format!(
            "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{guids}}}"
        ))
    }

    #[tokio::test]
    async fn what_is_missing_on_the_subscription_is_told_with_the_command_that_grants_it() {
        let missing = found(Verb::Create, json!([contributor()])).await;
        assert_eq!(missing.len(), 1, "{missing:#?}");
        assert_eq!(missing[0].weight, Weight::Deny);
        let sentence = &missing[0].sentence;
        assert!(
            sentence
                .starts_with("Keystead may not do Microsoft.Authorization/roleAssignments/write on the subscription.")
                && sentence.contains("--role \"Role Based Access Control Administrator\" --scope /subscriptions/s"),
            "{sentence}"
        );
        let nothing = found(Verb::Create, json!([])).await;
        assert_eq!(nothing.len(), 2, "one for each role that would grant it: {nothing:#?}");
        assert!(found(Verb::Create, json!([contributor(), under(Value::Null)])).await.is_empty());
        let removed = found(Verb::Delete, json!([contributor()])).await;
        assert!(removed[0].sentence.contains("roleAssignments/delete"), "{removed:#?}");
    }

    #[tokio::test]
    async fn a_condition_has_to_name_every_role_that_the_plan_gives() {
        let all = [
            roles::KEY_VAULT_SECRETS_USER.id,
            roles::KEY_VAULT_READER.id,
            roles::KEY_VAULT_SECRETS_OFFICER.id,
            roles::AKS_RBAC_CLUSTER_ADMIN.id,
        ];
        let with = |condition: Value| json!([contributor(), under(condition)]);
        assert!(found(Verb::Create, with(only(&all))).await.is_empty());
        let lacks = found(Verb::Create, with(only(&all[..2]))).await;
        assert_eq!((lacks.len(), lacks[0].weight), (1, Weight::Deny), "{lacks:#?}");
        let names = [roles::KEY_VAULT_SECRETS_OFFICER.name, roles::AKS_RBAC_CLUSTER_ADMIN.name].join(", ");
        assert!(lacks[0].sentence.contains(&format!("{names} is not among them")), "{}", lacks[0].sentence);
        let two = json!([contributor(), under(only(&all[..2])), under(only(&all[2..]))]);
        assert!(found(Verb::Create, two).await.is_empty(), "two assignments name them together");
        let free = json!([contributor(), under(only(&all[..1])), under(Value::Null)]);
        assert!(found(Verb::Create, free).await.is_empty(), "one without a condition is enough");
        assert!(found(Verb::Delete, with(only(&[]))).await.is_empty(), "an end gives no role");
    }
}
