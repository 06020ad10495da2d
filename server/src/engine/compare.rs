//! Holds what is there against what is wanted, field by field: only what the wish names counts, and nothing that Azure
//! changes by itself.

use serde_json::Value;

/// What Azure changes by itself without asking, by the field's name: it is neither drift nor in any digest, even where a
/// wish names it. Tags that Azure adds are named by no wish.
const BY_AZURE: [&str; 6] =
    ["nodeImageVersion", "currentKubernetesVersion", "currentOrchestratorVersion", "eTag", "etag", "provisioningState"];

/// Whether Azure changes this field of that object by itself; the count of a pool's nodes, where it scales by itself.
fn by_azure(name: &str, found: &Value) -> bool {
    BY_AZURE.contains(&name) || (name == "count" && found["enableAutoScaling"] == true)
}

/// A field that is not as wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// A JSON pointer: `/properties/enableRbacAuthorization`.
    pub field: String,
    pub wanted: Value,
    /// Null where it is absent.
    pub found: Value,
}

/// Every named field of `wanted` that `found` has otherwise. Resource ids are compared as Azure does, without regard to
/// case; lists of things with a `name` are matched by it, others place by place.
pub fn differences(wanted: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    walk("", wanted, found, &mut differences);
    differences
}

fn walk(field: &str, wanted: &Value, found: &Value, differences: &mut Vec<Difference>) {
    match (wanted, found) {
        (Value::Null, _) => {}
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields.iter().filter(|(name, _)| !by_azure(name, found)) {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                walk(&format!("{field}/{escaped}"), value, &found[name], differences);
            }
        }
        (Value::Array(items), Value::Array(have)) if items.len() == have.len() => {
            for (place, item) in items.iter().enumerate() {
                let same = match item.get("name") {
                    Some(name) => have.iter().find(|other| other.get("name") == Some(name)),
                    None => have.get(place),
                };
                walk(&format!("{field}/{place}"), item, same.unwrap_or(&Value::Null), differences);
            }
        }
        (Value::String(wish), Value::String(have)) if wish.starts_with('/') && wish.eq_ignore_ascii_case(have) => {}
        (wish, have) if wish == have => {}
        (wish, have) => {
            differences.push(Difference { field: field.to_owned(), wanted: wish.clone(), found: have.clone() });
        }
    }
}

/// What is there with everything that is wanted in its place: for a PUT, which replaces the whole.
pub fn merged(found: &Value, wanted: &Value) -> Value {
    match (found, wanted) {
        (found, Value::Null) => found.clone(),
        (Value::Object(found), Value::Object(wanted)) => {
            let mut whole = found.clone();
            for (name, value) in wanted {
                let there = found.get(name).unwrap_or(&Value::Null);
                whole.insert(name.clone(), merged(there, value));
            }
            Value::Object(whole)
        }
        (Value::Array(have), Value::Array(items)) => {
            let same = |item: &Value| {
                have.iter().find(|other| item.get("name").is_some_and(|name| other.get("name") == Some(name)))
            };
            items.iter().map(|item| same(item).map_or_else(|| item.clone(), |there| merged(there, item))).collect()
        }
        (_, wanted) => wanted.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(wanted: Value, found: Value) -> Vec<String> {
        differences(&wanted, &found).into_iter().map(|difference| difference.field).collect()
    }

    #[test]
    fn what_is_not_named_may_be_as_it_likes() {
        let wanted = json!({ "location": "westeurope", "properties": { "enableRbacAuthorization": true } });
        let found = json!({
            "id": "/x", "location": "westeurope",
            "properties": { "enableRbacAuthorization": true, "vaultUri": "https://kv" }
        });
        assert!(fields(wanted.clone(), found).is_empty());
        let found = json!({ "location": "westeurope", "properties": { "enableRbacAuthorization": false } });
        assert_eq!(fields(wanted.clone(), found), ["/properties/enableRbacAuthorization"]);
        assert_eq!(fields(wanted, json!({})), ["/location", "/properties"]);
    }

    #[test]
    fn what_azure_changes_by_itself_is_no_difference() {
        let wanted = json!({
            "eTag": "a",
            "tags": { "keystead": "shop" },
            "properties": {
                "currentKubernetesVersion": "1.36.1",
                "agentPoolProfiles": [{
                    "name": "nodes", "count": 1, "vmSize": "D2", "nodeImageVersion": "2026.10", "enableAutoScaling": false
                }],
            },
        });
        let mut found = wanted.clone();
        found["eTag"] = json!("b");
        found["tags"]["hidden-title"] = json!("by Azure");
        found["properties"]["currentKubernetesVersion"] = json!("1.36.2");
        found["properties"]["agentPoolProfiles"][0]["nodeImageVersion"] = json!("2026.11");
        assert!(fields(wanted.clone(), found.clone()).is_empty());
        let pool = &mut found["properties"]["agentPoolProfiles"][0];
        pool["count"] = json!(3);
        let count = "/properties/agentPoolProfiles/0/count";
        assert_eq!(fields(wanted.clone(), found.clone()), [count], "somebody has scaled it");
        found["properties"]["agentPoolProfiles"][0]["enableAutoScaling"] = json!(true);
        let scales = "/properties/agentPoolProfiles/0/enableAutoScaling";
        assert_eq!(fields(wanted, found), [scales], "that it scales by itself is somebody's, how far is Azure's");
    }

    #[test]
    fn what_is_wanted_takes_its_place_in_what_is_there() {
        let found =
            json!({ "a": 1, "pools": [{ "name": "nodes", "count": 1, "image": "x" }], "addOns": { "b": true } });
        let wanted = json!({ "a": 2, "pools": [{ "name": "nodes", "count": 3 }], "c": null });
        let whole = json!({ "a": 2, "pools": [{ "name": "nodes", "count": 3, "image": "x" }], "addOns": { "b": true }, "c": null });
        assert_eq!(merged(&found, &wanted), whole);
    }

    #[test]
    fn ids_compare_as_azure_does_and_named_lists_by_name() {
        let wanted = json!({ "id": "/subscriptions/S/resourceGroups/rg", "pools": [{ "name": "a", "count": 1 }, { "name": "b", "count": 2 }] });
        let found = json!({ "id": "/subscriptions/s/resourcegroups/RG", "pools": [{ "name": "b", "count": 2 }, { "name": "a", "count": 3 }] });
        assert_eq!(fields(wanted, found), ["/pools/0/count"]);
        assert_eq!(fields(json!({ "args": ["a"] }), json!({ "args": ["a", "b"] })), ["/args"]);
        assert_eq!(fields(json!({ "name": "Abc" }), json!({ "name": "abc" })), ["/name"]);
    }
}
