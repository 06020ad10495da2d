//! Keeps the roles that people have made: what they may do, and where they may be assigned.
use serde_json::{Value, json};

use super::{Act, definitions, matches};
use crate::state::Draft;
use definitions::Definition;

/// The collection of the custom roles, by lower-case GUID.
const CUSTOM: &str = "role_definitions";

/// A role, built in or made.
#[derive(Clone, Debug)]
pub enum Role {
    /// One of Azure's own.
    BuiltIn(&'static Definition),
    /// The document of one that somebody has made.
    Custom(Value),
}

/// The role whose GUID stands at the end of `id` (a bare GUID or a whole role definition id).
pub fn find(draft: &Draft<'_>, id: &str) -> Option<Role> {
    let built_in = definitions::find(id).map(Role::BuiltIn);
    built_in.or_else(|| draft.get(CUSTOM, &guid(id)).map(Role::Custom))
}

/// Every custom role.
pub fn all(draft: &Draft<'_>) -> Vec<Role> {
    draft.list(CUSTOM).into_iter().map(|(_, body)| Role::Custom(body)).collect()
}

/// Writes a custom role under its name.
pub fn put(draft: &mut Draft<'_>, body: &Value) {
    draft.put(CUSTOM, &guid(body["name"].as_str().unwrap_or_default()), body.clone());
}

/// Takes a custom role away.
pub fn remove(draft: &mut Draft<'_>, id: &str) {
    draft.remove(CUSTOM, &guid(id));
}

fn guid(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase()
}

impl Role {
    /// The name that people use.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(role) => role.name,
            Self::Custom(body) => body["properties"]["roleName"].as_str().unwrap_or_default(),
        }
    }

    /// Whether somebody has made it.
    pub fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    /// The role's id below a subscription.
    pub fn resource_id(&self, subscription: &str) -> String {
        match self {
            Self::BuiltIn(role) => role.resource_id(subscription),
            Self::Custom(body) => body["id"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The document as ARM answers it.
    pub fn body(&self, subscription: &str) -> Value {
        match self {
            Self::BuiltIn(role) => role.body(subscription),
            Self::Custom(body) => body.clone(),
        }
    }

    /// What it may do, as ARM lists it.
    pub fn permissions(&self) -> Vec<Value> {
        match self {
            Self::BuiltIn(role) => vec![role.permission()],
            Self::Custom(body) => body["properties"]["permissions"].as_array().cloned().unwrap_or_default(),
        }
    }

    /// What every use of it has to meet.
    pub fn condition(&self) -> Option<&str> {
        match self {
            Self::BuiltIn(role) => role.condition,
            Self::Custom(_) => None,
        }
    }

    /// Whether it holds what is asked for.
    pub fn grants(&self, act: Act<'_>) -> bool {
        match self {
            Self::BuiltIn(role) => super::definition_grants(role, act),
            Self::Custom(_) => {
                let (granted, taken_away, word) = match act {
                    Act::Control(word) => ("actions", "notActions", word),
                    Act::Data(word) => ("dataActions", "notDataActions", word),
                };
                self.permissions().iter().any(|it| holds(&it[granted], word) && !holds(&it[taken_away], word))
            }
        }
    }

    /// Whether it may be assigned at `scope`: at one of its assignable scopes, or below one.
    pub fn is_assignable_at(&self, scope: &str) -> bool {
        self.scopes().is_none_or(|scopes| scopes.iter().any(|from| is_at_or_below(scope, from)))
    }

    /// Whether it may be assigned somewhere below `scope`.
    pub fn is_assignable_below(&self, scope: &str) -> bool {
        self.scopes().is_none_or(|scopes| scopes.iter().any(|from| is_at_or_below(from, scope)))
    }

    /// Where it may be assigned; nothing where that is everywhere.
    pub fn scopes(&self) -> Option<Vec<&str>> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Custom(body) => {
                let scopes = body["properties"]["assignableScopes"].as_array();
                Some(scopes.into_iter().flatten().filter_map(Value::as_str).collect())
            }
        }
    }
}

/// Whether one of a list of patterns matches a word.
pub fn holds(patterns: &Value, word: &str) -> bool {
    patterns.as_array().into_iter().flatten().filter_map(Value::as_str).any(|pattern| matches(pattern, word))
}

fn is_at_or_below(scope: &str, from: &str) -> bool {
    let (scope, from) =
        (scope.trim_end_matches('/').to_ascii_lowercase(), from.trim_end_matches('/').to_ascii_lowercase());
    scope.strip_prefix(&from).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// One permission of a custom role with every list there, in the order in which ARM answers them.
pub fn permission(asked: &Value) -> Value {
    let list = |name: &str| if asked[name].is_array() { asked[name].clone() } else { json!([]) };
    json!({
        "actions": list("actions"), "notActions": list("notActions"),
        "dataActions": list("dataActions"), "notDataActions": list("notDataActions"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_custom_role_holds_what_one_of_its_permissions_leaves() {
        let role = Role::Custom(json!({"properties": {
            "assignableScopes": ["/subscriptions/s/resourceGroups/rg"],
            "permissions": [
                {"actions": ["Microsoft.KeyVault/*"], "notActions": ["*/delete"]},
                {"actions": [], "dataActions": ["Microsoft.KeyVault/vaults/secrets/getSecret/action"]},
            ],
        }}));
        assert!(role.grants(Act::Control("Microsoft.KeyVault/vaults/write")));
        assert!(!role.grants(Act::Control("Microsoft.KeyVault/vaults/delete")));
        assert!(role.grants(Act::Data("microsoft.keyvault/vaults/secrets/getsecret/action")));
        assert!(role.is_assignable_at("/subscriptions/s/resourcegroups/RG/providers/x"));
        assert!(
            !role.is_assignable_at("/subscriptions/s/resourceGroups/rg2") && !role.is_assignable_at("/subscriptions/s")
        );
        assert!(role.is_assignable_below("/subscriptions/s"));
    }
}
