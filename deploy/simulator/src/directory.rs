//! Keeps who there is: users, groups and service principals, with or without an application secret.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::state::{Draft, State};

/// The collection of the principals, by object id.
pub const PRINCIPALS: &str = "principals";
/// The members of each group, by its object id: every call of anybody asks for his groups, and most principals are none.
const GROUPS: &str = "groups";
/// The object id of each application, by its client id.
const APPLICATIONS: &str = "applications";

/// What a principal is, as role assignments name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A team.
    Group,
    /// An application or a managed identity.
    ServicePrincipal,
}

impl PrincipalKind {
    /// The name that role assignments use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::ServicePrincipal => "ServicePrincipal",
        }
    }
}

/// What an administrator has let an application do in Microsoft Graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    /// In its own name: the `roles` of its tokens.
    #[serde(default)]
    pub application: Vec<String>,
    /// In the name of whoever is signed in: the `scp` of their tokens.
    #[serde(default)]
    pub delegated: Vec<String>,
}

/// One principal of the directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Principal {
    /// The object id: what role assignments name.
    pub object_id: Uuid,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its display name.
    pub name: String,
    /// The client id, of a service principal only: what token requests name.
    #[serde(default)]
    pub app_id: Option<Uuid>,
    /// The client secret, of an application only.
    #[serde(default)]
    pub secret: Option<String>,
    /// Whether it may sign people in without proof, as a program on their own machine ("Allow public client flows"); of an
    /// application only.
    #[serde(default)]
    pub public: bool,
    /// The certificates that it may prove itself with (DER, base64), of an application only.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// The federated credentials that it may prove itself with (`issuer`, `subject`, `audiences`), of an application only.
    #[serde(default)]
    pub federated: Vec<Value>,
    /// What it may do in Microsoft Graph, of a service principal only.
    #[serde(default)]
    pub consents: Consents,
    /// The resource whose managed identity it is.
    #[serde(default)]
    pub resource: Option<String>,
    /// The sign-in name, of a user only.
    #[serde(default)]
    pub user_name: Option<String>,
    /// The roles that it has at the directory's own applications.
    #[serde(default)]
    pub app_roles: Vec<String>,
    /// Whether an administrator has disabled the account, of a user only.
    #[serde(default)]
    pub disabled: bool,
    /// The object ids of its members, of a group only.
    #[serde(default)]
    pub members: Vec<Uuid>,
    /// When it was made; role assignments do not see it for a while unless they name its kind.
    pub created: Timestamp,
}

impl Principal {
    /// The managed identity of `resource`, with new ids.
    pub fn managed_identity(name: &str, resource: &str, now: Timestamp) -> Self {
        Self {
            app_id: Some(Uuid::new_v4()),
            resource: Some(resource.to_owned()),
            ..Self::new(PrincipalKind::ServicePrincipal, name, now)
        }
    }

    /// A principal of that kind, with a new object id and nothing else.
    pub fn new(kind: PrincipalKind, name: &str, now: Timestamp) -> Self {
        Self {
            object_id: Uuid::new_v4(),
            kind,
            name: name.to_owned(),
            app_id: None,
            secret: None,
            public: false,
            certificates: Vec::new(),
            federated: Vec::new(),
            consents: Consents::default(),
            resource: None,
            user_name: None,
            app_roles: Vec::new(),
            disabled: false,
            members: Vec::new(),
            created: now,
        }
    }
}

/// Writes a principal.
pub fn put(draft: &mut Draft<'_>, principal: &Principal) {
    draft.put(PRINCIPALS, &principal.object_id.to_string(), serde_json::to_value(principal).unwrap_or(Value::Null));
    if let Some(app_id) = principal.app_id {
        draft.put(APPLICATIONS, &app_id.to_string(), json!(principal.object_id));
    }
    if principal.kind == PrincipalKind::Group {
        draft.put(GROUPS, &principal.object_id.to_string(), json!(principal.members));
    }
}

/// Writes what is found by, for a folder of before it was kept.
pub fn index(draft: &mut Draft<'_>) {
    let mut is_there = false;
    draft.visit(APPLICATIONS, "", |_, _| is_there = true);
    if !is_there {
        let all = draft.list(PRINCIPALS).into_iter().filter_map(|(_, body)| serde_json::from_value(body).ok());
        all.collect::<Vec<Principal>>().iter().for_each(|principal| put(draft, principal));
    }
}

/// Removes a principal, as the end of its resource does.
pub fn remove(draft: &mut Draft<'_>, object_id: Uuid) {
    if let Some(app_id) = find(draft, object_id).and_then(|principal| principal.app_id) {
        draft.remove(APPLICATIONS, &app_id.to_string());
    }
    draft.remove(GROUPS, &object_id.to_string());
    draft.remove(PRINCIPALS, &object_id.to_string());
}

/// The collection of the users that were deleted and can come back, by object id.
const DELETED: &str = "deleted_users";

/// Takes a user out of the directory, as a deletion does: everything that is known of it comes back with [`restore`].
pub fn delete_user(draft: &mut Draft<'_>, user: &Principal) {
    let body = serde_json::to_value(user).unwrap_or(Value::Null);
    draft.put(DELETED, &user.object_id.to_string(), body);
    remove(draft, user.object_id);
}

/// A user that was deleted under this name, back in the directory.
pub fn restore(draft: &mut Draft<'_>, user_name: &str) -> Option<Principal> {
    let all = draft.list(DELETED).into_iter().filter_map(|(_, body)| serde_json::from_value(body).ok());
    let named = |one: &Principal| one.user_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(user_name));
    let user: Principal = all.into_iter().find(named)?;
    draft.remove(DELETED, &user.object_id.to_string());
    put(draft, &user);
    Some(user)
}

/// The principal with that object id.
pub fn find(draft: &Draft<'_>, object_id: Uuid) -> Option<Principal> {
    serde_json::from_value(draft.get(PRINCIPALS, &object_id.to_string())?).ok()
}

/// The service principal with that client id.
pub fn find_by_app(draft: &Draft<'_>, app_id: Uuid) -> Option<Principal> {
    let object_id = draft.get(APPLICATIONS, &app_id.to_string())?;
    find(draft, serde_json::from_value(object_id).ok()?)
}

/// The object ids of the groups that `member` belongs to.
pub fn groups_of(draft: &Draft<'_>, member: Uuid) -> Vec<Uuid> {
    let member = member.to_string();
    let mut groups = Vec::new();
    draft.visit(GROUPS, "", |id, members| {
        let members = members.as_array();
        if members.is_some_and(|members| members.iter().any(|one| one.as_str() == Some(member.as_str()))) {
            groups.extend(Uuid::parse_str(id));
        }
    });
    groups
}

/// Every principal, ordered by object id.
pub fn all(state: &State) -> Vec<Principal> {
    state.list(PRINCIPALS).into_iter().filter_map(|(_, body)| serde_json::from_value(body).ok()).collect()
}
