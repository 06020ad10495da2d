//! What a role's permission allows: patterns of actions, and what is left out of them.
use serde_json::Value;

/// Whether one entry of a role's `permissions` allows this action of Azure Resource Manager.
pub fn allows(permission: &Value, action: &str) -> bool {
    any(&permission["actions"], action) && !any(&permission["notActions"], action)
}

/// Whether one entry of a role's `permissions` allows this action on data.
pub fn allows_data(permission: &Value, action: &str) -> bool {
    any(&permission["dataActions"], action) && !any(&permission["notDataActions"], action)
}

fn any(patterns: &Value, action: &str) -> bool {
    let patterns = patterns.as_array().map_or(&[][..], Vec::as_slice);
    patterns.iter().filter_map(Value::as_str).any(|pattern| covers(pattern, action))
}

/// Whether a pattern (`*`, `Microsoft.KeyVault/*/read`) covers an action; case is no matter.
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
    fn what_a_role_leaves_out_is_not_allowed() {
        let contributor = json!({ "actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"] });
        assert!(allows(&contributor, "Microsoft.KeyVault/vaults/write"));
        assert!(!allows(&contributor, "Microsoft.Authorization/roleAssignments/write"));
        // What may be done to a vault says nothing of what is in it.
        const VALUE: &str = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
        assert!(!allows_data(&contributor, VALUE));
        assert!(allows_data(&json!({ "dataActions": ["Microsoft.KeyVault/vaults/secrets/*"] }), VALUE));
        let named = json!({ "dataActions": ["Microsoft.KeyVault/vaults/*"], "notDataActions": [VALUE] });
        assert!(!allows_data(&named, VALUE));
    }
}
