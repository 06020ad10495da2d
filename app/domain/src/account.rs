//! Who asks: an account of the directory, its roles, and the caller that every question to the portal carries.

use crate::name::TeamName;
use crate::pass::Pass;
use serde::{Deserialize, Serialize};

/// What somebody may do, in one team or everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Of a team: asks for environments and works on the team's.
    Member,
    /// Of a team: also decides on requests of others.
    Manager,
    /// Everywhere: runs Keystead itself.
    PlatformEngineer,
    /// Everywhere: sees, changes nothing.
    Auditor,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Member, Role::Manager, Role::PlatformEngineer, Role::Auditor];

    /// As a page says it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::Manager => "manager",
            Role::PlatformEngineer => "platform engineer",
            Role::Auditor => "auditor",
        }
    }
}

/// The key of a person over renames: the directory's object id, prefixed by its tenant (`TENANT/OBJECT`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

/// Someone who has signed in, with what the directory said of them at the last sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// The account name that pages show: `member@contoso.example`.
    pub name: String,
    pub roles: Vec<Role>,
    pub teams: Vec<TeamName>,
    /// Of those groups of the directory that approve something: object ids in small letters.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// How the caller came in; a decision made with a token is recorded as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    Browser,
    Token,
}

/// Who asks now: an account and the way it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub account: Account,
    pub way: Way,
    /// The address that the question came from, where there was one.
    #[serde(default)]
    pub from: Option<String>,
    /// Of a program: what it showed, which narrows what its owner may.
    #[serde(default)]
    pub pass: Option<Pass>,
}

impl Caller {
    /// Somebody at a browser.
    pub fn person(account: Account, from: Option<String>) -> Caller {
        Caller { account, way: Way::Browser, from, pass: None }
    }

    /// A program, in the teams that what it showed leaves of its owner's.
    pub fn program(mut account: Account, pass: Pass, from: Option<String>) -> Caller {
        if let Some(teams) = &pass.teams {
            account.teams.retain(|team| teams.contains(team));
        }
        Caller { account, way: Way::Token, from, pass: Some(pass) }
    }

    pub fn has(&self, role: Role) -> bool {
        self.account.roles.contains(&role)
    }

    pub fn in_team(&self, team: &TeamName) -> bool {
        self.account.teams.contains(team)
    }

    /// Whether the directory says that they are in this group (object id in small letters).
    pub fn in_group(&self, group: &str) -> bool {
        self.account.groups.iter().any(|known| known == group)
    }

    /// Whether they are in any group that approves something.
    pub fn is_asked(&self) -> bool {
        !self.account.groups.is_empty()
    }

    /// Of no team, by a role that is everywhere.
    pub fn is_everywhere(&self) -> bool {
        self.has(Role::PlatformEngineer) || self.has(Role::Auditor)
    }

    /// Sees every team's environments.
    pub fn sees_everything(&self) -> bool {
        self.visible_teams().is_none()
    }

    /// The teams whose rows a list may show: `None` means all of them.
    pub fn visible_teams(&self) -> Option<&[TeamName]> {
        match self.pass.as_ref().and_then(|pass| pass.teams.as_deref()) {
            Some(teams) if self.is_everywhere() => Some(teams),
            None if self.is_everywhere() => None,
            _ => Some(&self.account.teams),
        }
    }
}

/// The part of an account name before the `@`, as narrow places show it.
pub fn short(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}
