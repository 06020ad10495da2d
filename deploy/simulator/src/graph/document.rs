//! Shows a principal as Graph does: a user, a group or a service principal.
use serde_json::{Map, Value, json};

use super::refusal::GraphRefusal;
use super::{Granted, Wish};
use crate::directory::{Principal, PrincipalKind};
use crate::world::World;

/// What a user has without being asked for more with `$select`.
const OF_USER: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// The name of the collection that an object is shown from.
pub(super) fn collection(asked: Option<PrincipalKind>, found: &Principal) -> &'static str {
    match asked.map(|_| found.kind) {
        None => "directoryObjects",
        Some(PrincipalKind::User) => "users",
        Some(PrincipalKind::Group) => "groups",
        Some(PrincipalKind::ServicePrincipal) => "servicePrincipals",
    }
}

/// `#microsoft.graph.user` and so on.
pub(super) fn type_of(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::User => "#microsoft.graph.user",
        PrincipalKind::Group => "#microsoft.graph.group",
        PrincipalKind::ServicePrincipal => "#microsoft.graph.servicePrincipal",
    }
}

/// Every property of a principal.
pub(super) fn whole(world: &World, one: &Principal) -> Map<String, Value> {
    let nickname = one.user_name.as_deref().and_then(|name| name.split('@').next()).unwrap_or(&one.name);
    let created = one.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let document = match one.kind {
        PrincipalKind::User => json!({
            "id": one.object_id, "displayName": one.name, "userPrincipalName": one.user_name, "mail": one.user_name,
            "mailNickname": nickname, "accountEnabled": !one.disabled, "userType": "Member", "createdDateTime": created,
            "givenName": null, "surname": null, "jobTitle": null, "mobilePhone": null, "officeLocation": null,
            "preferredLanguage": null, "businessPhones": [],
        }),
        PrincipalKind::Group => json!({
            "id": one.object_id, "displayName": one.name, "description": null, "mail": null, "mailEnabled": false,
            "mailNickname": nickname.to_lowercase().replace(' ', "-"), "securityEnabled": true, "groupTypes": [],
            "visibility": null, "createdDateTime": created, "deletedDateTime": null, "classification": null,
            "expirationDateTime": null, "membershipRule": null, "proxyAddresses": [], "isAssignableToRole": null,
            "onPremisesSyncEnabled": null,
        }),
        PrincipalKind::ServicePrincipal => json!({
            "id": one.object_id, "displayName": one.name, "appDisplayName": one.resource.is_none().then_some(&one.name),
            "appId": one.app_id, "appOwnerOrganizationId": one.resource.is_none().then_some(world.tenant),
            "servicePrincipalType": if one.resource.is_some() { "ManagedIdentity" } else { "Application" },
            "servicePrincipalNames": one.app_id.into_iter().collect::<Vec<_>>(),
            "alternativeNames": one.resource.iter().flat_map(|id| ["isExplicit=True", id]).collect::<Vec<_>>(),
            "accountEnabled": true, "appRoleAssignmentRequired": false, "createdDateTime": created,
            "deletedDateTime": null, "description": null, "homepage": null, "replyUrls": [], "tags": [],
            "appRoles": [], "oauth2PermissionScopes": [], "keyCredentials": [], "passwordCredentials": [],
            "signInAudience": one.resource.is_none().then_some("AzureADMyOrg"),
        }),
    };
    match document {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The properties that are asked for with `$select`, or those that are shown without.
pub(super) fn shown(wish: &Wish<'_>, one: &Principal) -> Result<Map<String, Value>, GraphRefusal> {
    let mut whole = whole(wish.world, one);
    match wish.query.get("$select").filter(|select| !select.is_empty()) {
        None if one.kind == PrincipalKind::User => whole.retain(|name, _| OF_USER.contains(&name.as_str())),
        None => {}
        Some(select) => {
            let wanted: Vec<&str> = select.split(',').map(str::trim).collect();
            // More than the basic profile is more than `User.ReadBasic.All` allows.
            if one.kind == PrincipalKind::User && wanted.iter().any(|name| name.eq_ignore_ascii_case("accountEnabled"))
            {
                wish.caller.need(super::caller::WHOLE_USERS)?;
            }
            let known = |name: &&&str| whole.keys().any(|key| key.eq_ignore_ascii_case(name));
            if let Some(wrong) = wanted.iter().find(|name| !known(name)) {
                let kind = type_of(one.kind).trim_start_matches('#');
                return Err(GraphRefusal::bad(
                    "BadRequest",
                    format!(
                        "Parsing OData Select and Expand failed: Could not find a property named '{wrong}' on type '{kind}'."
                    ),
                ));
            }
            whole.retain(|name, _| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
        }
    }
    Ok(whole)
}

/// One object by itself; one of any kind says which it is.
pub(super) fn entity(wish: &Wish<'_>, collection: &str, one: &Principal) -> Granted {
    let mut document = Map::new();
    document.insert("@odata.context".to_owned(), wish.context(&format!("{collection}/$entity")));
    if collection == "directoryObjects" {
        wish.caller.need(super::caller::DIRECTORY)?;
        document.insert("@odata.type".to_owned(), json!(type_of(one.kind)));
    }
    document.extend(shown(wish, one)?);
    Ok(Value::Object(document))
}
