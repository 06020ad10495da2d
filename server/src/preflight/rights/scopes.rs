//! Scopes that are no part of the environment: the registry of its image, and the group that Azure makes for its nodes.

use super::super::{Question, REGISTRY_ROLE, deny, warn};
use super::{RBAC_ADMINISTRATOR, grants, may, permissions};
use azure::{Error, roles};
use domain::naming;
use domain::plan::{Finding, Line, Verb};
use serde_json::Value;

const GIVE: &str = "Microsoft.Authorization/roleAssignments/write";
const TAKE: &str = "Microsoft.Authorization/roleAssignments/delete";
const SEE_NODES: &str = "Microsoft.Compute/virtualMachineScaleSets/read";

/// The registry that the image lies in: the nodes are given a role on it, which outlives the environment.
pub(super) async fn at_registry(question: &Question<'_>) -> Result<Option<Finding>, Error> {
    let Some(server) = naming::registry(question.subject.wish) else { return Ok(None) };
    let gone = question.plan.lines.iter().any(|line| line.step == REGISTRY_ROLE && line.verb == Verb::Delete);
    let action = match (question.makes(REGISTRY_ROLE), gone) {
        (true, _) => GIVE,
        (false, true) => TAKE,
        (false, false) => return Ok(None),
    };
    let Some(registry) = question.registry().await? else {
        let said = format!(
            "The registry {server} is not in this subscription, or Keystead may not see it: an image from elsewhere would pass, or give Keystead Reader on it."
        );
        return Ok((action == GIVE).then(|| deny("image", said)));
    };
    let there = permissions(question, &registry).await?;
    let mut granted = grants(&there, action).peekable();
    if granted.peek().is_none() {
        let said = format!(
            "Keystead may not do {action} on the registry {server}. {}",
            question.grant(RBAC_ADMINISTRATOR, &registry)
        );
        return Ok(Some(deny("", said)));
    }
    let names_it = |one: &Value| {
        let condition = one["condition"].as_str().filter(|condition| condition.contains("RoleDefinitionId"));
        condition.is_none_or(|condition| condition.contains(roles::ACR_PULL.id))
    };
    if granted.any(names_it) {
        return Ok(None);
    }
    let said = format!(
        "Keystead may give only some roles on the registry {server}, and {} is not among them: have the condition of its own role assignment name it too. {}",
        roles::ACR_PULL.name,
        question.grant(RBAC_ADMINISTRATOR, &registry)
    );
    Ok(Some(deny("", said)))
}

/// The group of the nodes is Azure's own making, once the cluster is there: to see which identities the nodes have.
pub(super) async fn at_nodes(question: &Question<'_>) -> Result<Option<Finding>, Error> {
    let stands = |line: &Line| line.step == "cluster" && matches!(line.verb, Verb::Keep | Verb::Change);
    if !question.plan.lines.iter().any(stands) {
        return Ok(None);
    }
    let group = question.place().node_group();
    let may = match may(question, group.as_str(), SEE_NODES).await {
        Err(error) if error.kind() == azure::Kind::Denied => false,
        Err(error) if error.kind() == azure::Kind::NotFound => return Ok(None),
        asked => asked?,
    };
    let said = || {
        let name = naming::node_resource_group(question.subject.wish);
        let sentence = format!(
            "Keystead may not do {SEE_NODES} in the nodes' resource group {name}, so that the check of the nodes' identities cannot tell. {}",
            question.grant(roles::READER.name, group.as_str())
        );
        warn(None, sentence)
    };
    Ok((!may).then(said))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::preflight::tests::{HERE, asked, line, wish};
    use domain::plan::Weight;
    use serde_json::json;

    const REGISTRY: &str =
        "/subscriptions/s/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/shop";
    const NODES: &str = "/subscriptions/s/resourceGroups/MC_rg-shop_aks-shop_westeurope";
    const GRANT: &str =
        "Grant it: az role assignment create --assignee-object-id o --assignee-principal-type ServicePrincipal --role";

    /// What is found where `permissions` are all that Keystead is given at the scope.
    async fn found(line: Line, scope: &str, given: Value) -> Option<Finding> {
        let registry = json!([{ "id": REGISTRY, "properties": { "loginServer": "Shop.azurecr.io" } }]);
        let at_scope = format!("{}/providers/Microsoft.Authorization/permissions", scope.trim_start_matches(HERE));
        let lists = [("providers/Microsoft.ContainerRegistry/registries", registry), (&at_scope, given)];
        asked(&wish(&Value::Null), vec![line], &lists, async |question| match at_registry(question).await.unwrap() {
            Some(found) => Some(found),
            None => at_nodes(question).await.unwrap(),
        })
        .await
    }

    fn given(actions: Value, condition: Value) -> Value {
        json!([{ "actions": actions, "notActions": [], "condition": condition }])
    }

    #[tokio::test]
    async fn a_role_on_the_registry_needs_the_right_to_give_it_there() {
        let contributor = json!([{ "actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"] }]);
        let missing = found(line(REGISTRY_ROLE, Verb::Create), REGISTRY, contributor).await.unwrap();
        assert_eq!(missing.weight, Weight::Deny);
        assert_eq!(
            missing.sentence,
            format!(
                "Keystead may not do {GIVE} on the registry shop.azurecr.io. {GRANT} \"{RBAC_ADMINISTRATOR}\" --scope {REGISTRY}"
            )
        );
        let owner = given(json!(["*"]), Value::Null);
        assert_eq!(found(line(REGISTRY_ROLE, Verb::Create), REGISTRY, owner).await, None);
        let reader = given(json!(["*/read"]), Value::Null);
        assert_eq!(found(line(REGISTRY_ROLE, Verb::Keep), REGISTRY, reader.clone()).await, None, "nothing is given");
        let taken = found(line(REGISTRY_ROLE, Verb::Delete), REGISTRY, reader).await.unwrap();
        assert!(taken.sentence.contains(TAKE), "{taken:?}");
    }

    #[tokio::test]
    async fn a_condition_there_has_to_name_the_role_that_pulls() {
        let only = |role: &str| {
            let named = format!(
                "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{role}}}"
            );
            given(json!(["Microsoft.Authorization/roleAssignments/*"]), json!(named))
        };
        let other = only(roles::KEY_VAULT_READER.id);
        let missing = found(line(REGISTRY_ROLE, Verb::Create), REGISTRY, other).await.unwrap();
        assert!(missing.sentence.contains("AcrPull is not among them"), "{missing:?}");
        let named = only(roles::ACR_PULL.id);
        assert_eq!(found(line(REGISTRY_ROLE, Verb::Create), REGISTRY, named).await, None);
    }

    #[tokio::test]
    async fn the_nodes_are_seen_where_a_cluster_stands() {
        let blind = given(json!(["Microsoft.ContainerService/*"]), Value::Null);
        let missing = found(line("cluster", Verb::Change), NODES, blind.clone()).await.unwrap();
        assert_eq!(missing.weight, Weight::Warn);
        assert!(missing.sentence.contains("MC_rg-shop_aks-shop_westeurope"), "{missing:?}");
        assert!(missing.sentence.ends_with(&format!("{GRANT} \"Reader\" --scope {NODES}")), "{missing:?}");
        assert_eq!(found(line("cluster", Verb::Create), NODES, blind).await, None, "it is not there yet");
        let reader = given(json!(["*/read"]), Value::Null);
        assert_eq!(found(line("cluster", Verb::Keep), NODES, reader).await, None);
    }
}
