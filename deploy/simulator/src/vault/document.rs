//! The vault's document: what a PUT may say, what stands then, and what cannot be taken back.
use serde_json::{Value, json};

use super::firewall;
use crate::arm::{Ask, Refusal};
use crate::resources::Resource;
use crate::world::World;

/// The provider type.
pub(super) const KIND: &str = "Microsoft.KeyVault/vaults";

/// From this api-version on a new vault checks roles unless it says otherwise.
const ROLES_BY_DEFAULT: &str = "2026-02-01";

/// 400 `VaultNameNotValid` unless the name has 3 to 24 letters, digits and single hyphens, a letter first.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    if is_name(name) {
        return Ok(());
    }
    Err(Refusal::bad(
        "VaultNameNotValid",
        format!(
            "The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
        ),
    ))
}

/// Whether a vault can have that name.
pub(super) fn is_name(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !name.contains("--")
}

/// The document after a PUT: the body over what stood, with the defaults of a new vault.
pub(super) fn written(world: &World, ask: &Ask, standing: Option<&Resource>) -> Result<Value, Refusal> {
    let asked = &ask.body["properties"];
    let location = ask.location()?;
    if let Some(standing) = standing
        && standing.body["location"].as_str() != Some(location.as_str())
    {
        return Err(Refusal::conflict(
            "InvalidResourceLocation",
            format!(
                "The resource '{}' already exists in location '{}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
                ask.id.name(),
                standing.body["location"].as_str().unwrap_or_default()
            ),
        ));
    }
    let bad = |message: &str| Err(Refusal::bad("BadRequest", message));
    if asked["tenantId"].as_str() != Some(world.tenant.to_string().as_str()) {
        return bad("Invalid value found at properties.tenantId: the vault's tenant has to be the subscription's.");
    }
    if !matches!(asked["sku"]["name"].as_str().map(str::to_ascii_lowercase).as_deref(), Some("standard" | "premium")) {
        return bad("Invalid value found at properties.sku.name: expected 'standard' or 'premium'.");
    }
    let before = standing.map(|standing| &standing.body["properties"]);
    let mut properties = json!({
        "sku": {"family": "A", "name": asked["sku"]["name"].as_str().map(str::to_ascii_lowercase)},
        "tenantId": asked["tenantId"],
        "accessPolicies": asked["accessPolicies"].as_array().cloned().unwrap_or_default(),
        "enabledForDeployment": asked["enabledForDeployment"].as_bool().unwrap_or(false),
        "enabledForDiskEncryption": asked["enabledForDiskEncryption"].as_bool().unwrap_or(false),
        "enabledForTemplateDeployment": asked["enabledForTemplateDeployment"].as_bool().unwrap_or(false),
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": retention(asked, before)?,
        "enableRbacAuthorization": roles(ask, asked, before),
        "publicNetworkAccess": asked["publicNetworkAccess"].as_str().unwrap_or("Enabled"),
        "vaultUri": format!("https://{}.vault.azure.net/", ask.id.name().to_ascii_lowercase()),
        "provisioningState": "Succeeded",
    });
    if asked["enableSoftDelete"] == json!(false) {
        return bad(
            "The property \"enableSoftDelete\" can be set to false only for creating new vault. Enabling the 'soft delete' functionality is an irreversible action.",
        );
    }
    if asked["networkAcls"].is_object() {
        properties["networkAcls"] = firewall::settled(&asked["networkAcls"])?;
    }
    let protected = before.is_some_and(|before| before["enablePurgeProtection"] == json!(true));
    match asked["enablePurgeProtection"].as_bool() {
        Some(false) => {
            return bad(
                "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.",
            );
        }
        Some(true) => properties["enablePurgeProtection"] = json!(true),
        None if protected => properties["enablePurgeProtection"] = json!(true),
        None => {}
    }
    let name = ask.canonical.rsplit('/').next().unwrap_or_default();
    let now = world.clock.now();
    let created = standing.map(|standing| standing.body["systemData"].clone()).filter(Value::is_object);
    let created = created.unwrap_or_else(|| json!({"createdBy": ask.caller.name, "createdAt": now}));
    Ok(json!({
        "id": ask.canonical,
        "name": name,
        "type": KIND,
        "location": location,
        "tags": if ask.body["tags"].is_object() { ask.body["tags"].clone() } else { json!({}) },
        "systemData": {
            "createdBy": created["createdBy"], "createdByType": "Application", "createdAt": created["createdAt"],
            "lastModifiedBy": ask.caller.name, "lastModifiedByType": "Application", "lastModifiedAt": now,
        },
        "properties": properties,
    }))
}

/// The document after a PATCH: what the body names, over what stands.
pub(super) fn patched(standing: &Resource, body: &Value) -> Value {
    let mut merged = standing.body.clone();
    if body["tags"].is_object() {
        merged["tags"] = body["tags"].clone();
    }
    for (name, value) in body["properties"].as_object().into_iter().flatten() {
        merged["properties"][name] = value.clone();
    }
    merged
}

fn roles(ask: &Ask, asked: &Value, before: Option<&Value>) -> bool {
    let standing = before.and_then(|before| before["enableRbacAuthorization"].as_bool());
    asked["enableRbacAuthorization"].as_bool().or(standing).unwrap_or(ask.api_version.as_str() >= ROLES_BY_DEFAULT)
}

fn retention(asked: &Value, before: Option<&Value>) -> Result<i64, Refusal> {
    let standing = before.and_then(|before| before["softDeleteRetentionInDays"].as_i64());
    let wanted = asked["softDeleteRetentionInDays"].as_i64();
    match (wanted, standing) {
        (Some(wanted), Some(standing)) if wanted != standing => Err(Refusal::bad(
            "BadRequest",
            "The property \"softDeleteRetentionInDays\" has been set already and it can't be modified.",
        )),
        (Some(wanted), _) if !(7..=90).contains(&wanted) => Err(Refusal::bad(
            "BadRequest",
            format!(
                "The property \"softDeleteRetentionInDays\" has the invalid value '{wanted}': it must be between 7 and 90."
            ),
        )),
        (wanted, standing) => Ok(wanted.or(standing).unwrap_or(90)),
    }
}
