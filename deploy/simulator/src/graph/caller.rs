//! Finds out who asks Graph, and what an administrator has let the application do.
use http::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

use super::refusal::GraphRefusal;
use crate::arm::{BearerError, verify_bearer};
use crate::tokens::TokenError;
use crate::world::World;

/// The audiences that Graph accepts: its address, and its client id.
const AUDIENCES: &[&str] = &["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];

/// The permissions that can be granted here: those of which a call of this Graph asks one.
pub const PERMISSIONS: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
    "User.Read",
    "User.Read.All",
    "User.ReadBasic.All",
    "User.ReadWrite.All",
];

/// One of these is needed; a permission to write holds the one to read, and that of the directory all of them.
pub(super) type Permission = &'static [&'static str];

pub(super) const USERS: &[Permission] = &[&["User.ReadBasic.All", "User.Read.All"]];
/// What of a user is not in the basic profile.
pub(super) const WHOLE_USERS: &[Permission] = &[&["User.Read.All"]];
pub(super) const GROUPS: &[Permission] = &[&["GroupMember.Read.All", "Group.Read.All"]];
pub(super) const SERVICE_PRINCIPALS: &[Permission] = &[&["Application.Read.All"]];
pub(super) const DIRECTORY: &[Permission] = &[&["Directory.Read.All"]];
pub(super) const ONESELF: &[Permission] = &[&["User.Read", "User.ReadBasic.All", "User.Read.All"]];
/// Of which groups somebody is a member.
pub(super) const MEMBERSHIP: &[Permission] =
    &[&["GroupMember.Read.All", "Group.Read.All"], &["User.ReadBasic.All", "User.Read.All", "Application.Read.All"]];

/// Who asks.
pub(super) struct Caller {
    pub(super) object_id: Uuid,
    /// The `sub` of its token: another one at each application.
    pub(super) subject: Value,
    /// For a person who is signed in, not for an application itself.
    pub(super) delegated: bool,
    granted: Vec<String>,
}

impl Caller {
    /// Refuses without one permission of each list.
    pub(super) fn need(&self, needed: &[Permission]) -> Result<(), GraphRefusal> {
        let of_directory = self.has("Directory.Read.All");
        let has_one = |any: &Permission| any.iter().any(|one| self.has(one));
        if of_directory || needed.iter().all(has_one) { Ok(()) } else { Err(GraphRefusal::denied()) }
    }

    fn has(&self, permission: &str) -> bool {
        let to_write = permission.replace(".Read.", ".ReadWrite.");
        self.granted.iter().any(|granted| granted == permission || *granted == to_write)
    }
}

/// The caller, from a token for Graph: an application's permissions are its roles, a person's its scopes.
pub(super) fn authenticate(world: &World, headers: &HeaderMap) -> Result<Caller, GraphRefusal> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else { return Err(GraphRefusal::token("Access token is empty.")) };
    let caller = verify_bearer(world, token.trim(), AUDIENCES).map_err(|error| {
        GraphRefusal::token(match error {
            BearerError::Audience(_) => "Access token validation failure. Invalid audience.",
            BearerError::Token(TokenError::Expired | TokenError::NotYet) => {
                "Lifetime validation failed, the token is expired."
            }
            BearerError::Token(TokenError::Issuer) => "Access token validation failure. Invalid issuer.",
            BearerError::Token(TokenError::NotSigned) => "Invalid JWT access token.",
        })
    })?;
    let scopes = caller.claims["scp"].as_str();
    let roles = caller.claims["roles"].as_array().into_iter().flatten().filter_map(|role| role.as_str());
    let granted = match scopes {
        Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
        None => roles.map(str::to_owned).collect(),
    };
    Ok(Caller {
        subject: caller.claims["sub"].clone(),
        object_id: caller.object_id,
        delegated: scopes.is_some(),
        granted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_permission_of_each_list_is_needed_and_the_directorys_holds_all() {
        let with = |granted: &[&str]| Caller {
            object_id: Uuid::nil(),
            subject: Value::Null,
            delegated: false,
            granted: granted.iter().map(|one| (*one).to_owned()).collect(),
        };
        for (granted, needed, enough) in [
            (&["User.Read.All"][..], USERS, true),
            (&["User.ReadWrite.All"], USERS, true),
            (&["User.Read"], USERS, false),
            (&["Group.Read.All"], MEMBERSHIP, false),
            (&["Group.Read.All", "User.ReadBasic.All"], MEMBERSHIP, true),
            (&["Directory.ReadWrite.All"], SERVICE_PRINCIPALS, true),
            (&[], DIRECTORY, false),
        ] {
            assert_eq!(with(granted).need(needed).is_ok(), enough, "{granted:?} {needed:?}");
        }
    }
}
