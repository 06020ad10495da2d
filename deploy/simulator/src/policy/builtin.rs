//! The built-in definitions that are assigned most: places and types. Ids and rules: the repository Azure/azure-policy.
use serde_json::{Value, json};

/// Every built-in definition as ARM answers it.
pub(super) fn all() -> [Value; 4] {
    let list = |name: &str| json!({"type": "Array", "metadata": {"displayName": name}});
    [
        definition(
            "e56962a6-4747-49cd-b67b-bf8b01975c4c",
            "Allowed locations",
            "Indexed",
            json!({"listOfAllowedLocations": list("Allowed locations")}),
            json!({"allOf": [
                {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
                {"field": "location", "notEquals": "global"},
                {"field": "type", "notEquals": "Microsoft.AzureActiveDirectory/b2cDirectories"},
            ]}),
        ),
        definition(
            "e765b5de-1225-4ba3-bd56-1ac6695af988",
            "Allowed locations for resource groups",
            "All",
            json!({"listOfAllowedLocations": list("Allowed locations")}),
            json!({"allOf": [
                {"field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups"},
                {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
            ]}),
        ),
        definition(
            "a08ec900-254a-4555-9bf5-e42af04b5c5c",
            "Allowed resource types",
            "Indexed",
            json!({"listOfResourceTypesAllowed": list("Allowed resource types")}),
            json!({"not": {"field": "type", "in": "[parameters('listOfResourceTypesAllowed')]"}}),
        ),
        definition(
            "6c112d4e-5bc7-47ae-a041-ea2d9dccd749",
            "Not allowed resource types",
            "All",
            json!({
                "listOfResourceTypesNotAllowed": list("Not allowed resource types"),
                "effect": {"type": "String", "defaultValue": "Deny", "allowedValues": ["Audit", "Deny", "Disabled"]},
            }),
            json!({"allOf": [
                {"field": "type", "in": "[parameters('listOfResourceTypesNotAllowed')]"},
                {"field": "id", "exists": "true"},
            ]}),
        ),
    ]
}

fn definition(id: &str, name: &str, mode: &str, parameters: Value, rule: Value) -> Value {
    let effect = if parameters["effect"].is_object() { "[parameters('effect')]" } else { "deny" };
    json!({
        "id": format!("/providers/{}/{id}", super::definitions::DEFINITIONS),
        "name": id,
        "type": super::definitions::DEFINITIONS,
        "properties": {
            "displayName": name, "policyType": "BuiltIn", "mode": mode, "parameters": parameters,
            "policyRule": {"if": rule, "then": {"effect": effect}},
        },
    })
}
