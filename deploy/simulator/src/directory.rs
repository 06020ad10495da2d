//! Keeps who there is: users, groups and service principals, with or without an application secret.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::state::{Draft, State};

/// The collection of the principals, by object id.
pub const PRINCIPALS: &str = "principals";

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
    /// The certificates that it may prove itself with (DER, base64), of an application only.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// What it may do in Microsoft Graph, of a service principal only.
    #[serde(default)]
    pub consents: Consents,
    /// The resource whose managed identity it is.
    #[serde(default)]
    pub resource: Option<String>,
    /// The sign-in name, of a user only.
    #[serde(default)]
    pub user_name: Option<String>,
    /// The application roles, of a user only.
    #[serde(default)]
    pub app_roles: Vec<String>,
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
            certificates: Vec::new(),
            consents: Consents::default(),
            resource: None,
            user_name: None,
            app_roles: Vec::new(),
            members: Vec::new(),
            created: now,
        }
    }
}

/// Writes a principal.
pub fn put(draft: &mut Draft<'_>, principal: &Principal) {
    draft.put(PRINCIPALS, &principal.object_id.to_string(), serde_json::to_value(principal).unwrap_or(Value::Null));
}

/// Removes a principal, as the end of its resource does.
pub fn remove(draft: &mut Draft<'_>, object_id: Uuid) {
    draft.remove(PRINCIPALS, &object_id.to_string());
}

/// The principal with that object id.
pub fn find(draft: &Draft<'_>, object_id: Uuid) -> Option<Principal> {
    serde_json::from_value(draft.get(PRINCIPALS, &object_id.to_string())?).ok()
}

/// The service principal with that client id.
pub fn find_by_app(draft: &Draft<'_>, app_id: Uuid) -> Option<Principal> {
    let wanted = app_id.to_string();
    let mut found = None;
    draft.visit(PRINCIPALS, "", |_, body| {
        if body["app_id"].as_str() == Some(wanted.as_str()) {
            found = serde_json::from_value(body.clone()).ok();
        }
    });
    found
}

/// The object ids of the groups that `member` belongs to.
pub fn groups_of(draft: &Draft<'_>, member: Uuid) -> Vec<Uuid> {
    let member = member.to_string();
    let mut groups = Vec::new();
    draft.visit(PRINCIPALS, "", |id, body| {
        let members = body["members"].as_array();
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
