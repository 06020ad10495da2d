//! Decides whether a caller may do something with a vault's secrets and keys: by role, or by access policy where roles are off.
use serde_json::{Value, json};

use super::refusal::VaultRefusal;
use super::site::Wish;
use crate::arm::{BearerError, Caller, verify_bearer};
use crate::resources::Resource;
use crate::roles::{self, Act};
use crate::tokens::TokenError;
use crate::world::World;

/// What can be done with secrets and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    Get,
    Set,
    ReadMetadata,
    Update,
    Delete,
    Recover,
    Purge,
    Backup,
    Restore,
    CreateKey,
    GetKey,
    Wrap,
    Unwrap,
}

impl Right {
    /// The data action that a role must hold.
    fn data_action(self) -> &'static str {
        match self {
            Self::Get => "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            Self::Set => "Microsoft.KeyVault/vaults/secrets/setSecret/action",
            Self::ReadMetadata => "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            Self::Update => "Microsoft.KeyVault/vaults/secrets/update/action",
            Self::Delete => "Microsoft.KeyVault/vaults/secrets/delete",
            Self::Recover => "Microsoft.KeyVault/vaults/secrets/recover/action",
            Self::Purge => "Microsoft.KeyVault/vaults/secrets/purge/action",
            Self::Backup => "Microsoft.KeyVault/vaults/secrets/backup/action",
            Self::Restore => "Microsoft.KeyVault/vaults/secrets/restore/action",
            Self::CreateKey => "Microsoft.KeyVault/vaults/keys/create/action",
            Self::GetKey => "Microsoft.KeyVault/vaults/keys/read",
            Self::Wrap => "Microsoft.KeyVault/vaults/keys/wrap/action",
            Self::Unwrap => "Microsoft.KeyVault/vaults/keys/unwrap/action",
        }
    }

    /// The word that an access policy must hold.
    pub(super) fn policy_word(self) -> &'static str {
        match self {
            Self::CreateKey => "create",
            Self::Wrap => "wrapKey",
            Self::Unwrap => "unwrapKey",
            Self::Get | Self::GetKey => "get",
            Self::Set | Self::Update => "set",
            Self::ReadMetadata => "list",
            Self::Delete => "delete",
            Self::Recover => "recover",
            Self::Purge => "purge",
            Self::Backup => "backup",
            Self::Restore => "restore",
        }
    }

    /// Of what it is a right.
    fn collection(self) -> &'static str {
        match self {
            Self::CreateKey | Self::GetKey | Self::Wrap | Self::Unwrap => "keys",
            _ => "secrets",
        }
    }
}

/// The caller behind an `Authorization` header, or the challenge.
pub(super) fn authenticate(world: &World, header: Option<&str>) -> Result<Caller, VaultRefusal> {
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).map(str::trim);
    let Some(token) = token else {
        return Err(VaultRefusal::challenge(world, "AKV10000: Request is missing a Bearer or PoP token."));
    };
    verify_bearer(world, token, &["https://vault.azure.net"]).map_err(|error| {
        let message = match error {
            BearerError::Token(TokenError::Expired) => "AKV10046: Token is expired.".to_owned(),
            BearerError::Token(_) => "AKV10022: Invalid JWT token signature or issuer.".to_owned(),
            BearerError::Audience(audience) => {
                format!("AKV10022: Invalid audience. Expected https://vault.azure.net, found: {audience}.")
            }
        };
        VaultRefusal::challenge(world, message)
    })
}

/// Refuses unless the caller holds the right on the vault, or on that secret or key of it.
pub(super) fn authorize(wish: &Wish<'_>, right: Right, name: Option<&str>) -> Result<(), VaultRefusal> {
    let Wish { world, vault, caller, at, .. } = wish;
    let resource = match name {
        Some(name) => format!("{}/{}/{name}", vault.id(), right.collection()),
        None => vault.id().to_owned(),
    };
    if vault.body["properties"]["enableRbacAuthorization"] == json!(true) {
        let act = Act::Data(right.data_action());
        if world.state.read(|draft| roles::allows(draft, caller.object_id, &resource, act, *at)) {
            return Ok(());
        }
        return Err(by_role(world, vault, caller, right, &resource));
    }
    let policies = vault.body["properties"]["accessPolicies"].as_array();
    if policies.into_iter().flatten().any(|policy| policy_grants(policy, caller, right)) {
        return Ok(());
    }
    Err(VaultRefusal::forbidden(
        "AccessDenied",
        format!(
            "The user, group or application 'appid={};oid={};iss={}' does not have {} {} permission on key vault '{};location={}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
            caller.app_id.as_deref().unwrap_or_default(),
            caller.object_id,
            world.issuer(),
            right.collection(),
            right.policy_word(),
            vault.body["name"].as_str().unwrap_or_default(),
            vault.body["location"].as_str().unwrap_or_default(),
        ),
    ))
}

fn policy_grants(policy: &Value, caller: &Caller, right: Right) -> bool {
    let words = policy["permissions"][right.collection()].as_array();
    policy["objectId"].as_str() == Some(caller.object_id.to_string().as_str())
        && words
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|word| word.eq_ignore_ascii_case(right.policy_word()) || word.eq_ignore_ascii_case("all"))
}

fn by_role(world: &World, vault: &Resource, caller: &Caller, right: Right, resource: &str) -> VaultRefusal {
    VaultRefusal::forbidden(
        "ForbiddenByRbac",
        format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid={};oid={};iss={}\r\nAction: '{}'\r\nResource: '{}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: {};location={}\r\n",
            caller.app_id.as_deref().unwrap_or_default(),
            caller.object_id,
            world.issuer(),
            right.data_action(),
            resource.to_ascii_lowercase(),
            vault.body["name"].as_str().unwrap_or_default(),
            vault.body["location"].as_str().unwrap_or_default(),
        ),
    )
}
