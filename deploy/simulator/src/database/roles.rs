//! Carries out what statements say about roles, in PostgreSQL's words where it may not be.

use super::accounts::{self, Account, Server};
use super::refusal::Refusal;
use super::role_statement::{On, Options, Role, RoleStatement};

/// One change of a server's roles, made at once or at the commit.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Create(Account),
    Drop(String),
    Password { role: String, verifier: Option<String> },
    Login { role: String, allowed: bool },
    CreatesRoles { role: String, allowed: bool },
    Member { role: String, member: String, is: bool },
    Right { role: String, right: String, holds: bool },
}

impl Change {
    /// Makes the change; whatever is gone meanwhile stays gone.
    pub(super) fn make(self, server: &mut Server) {
        let mut with = |name: &str, change: &dyn Fn(&mut Account)| {
            server.accounts.iter_mut().filter(|account| account.name == name).for_each(change);
        };
        match self {
            Self::Password { role, verifier } => with(&role, &|account| account.verifier = verifier.clone()),
            Self::Login { role, allowed } => with(&role, &|account| account.login = allowed),
            Self::CreatesRoles { role, allowed } => with(&role, &|account| account.creates_roles = allowed),
            Self::Member { role, member, is } => with(&member, &|account| {
                account.member_of.retain(|of| *of != role);
                if is {
                    account.member_of.push(role.clone());
                }
            }),
            Self::Right { role, right, holds } => with(&role, &|account| {
                account.rights.retain(|held| *held != right);
                if holds {
                    account.rights.push(right.clone());
                }
            }),
            Self::Create(account) => server.accounts.push(account),
            Self::Drop(name) => {
                server.accounts.retain(|account| account.name != name);
                for account in &mut server.accounts {
                    account.member_of.retain(|of| *of != name);
                }
            }
        }
    }
}

/// The changes that a statement of `user` makes, and the tag that answers it.
pub(super) fn changes(
    server: &Server,
    user: &str,
    statement: &RoleStatement,
) -> Result<(Vec<Change>, &'static str), Refusal> {
    let may = server.account(user).is_some_and(|account| account.creates_roles);
    let known = |name: &str| server.account(name).ok_or_else(|| Refusal::no_role(name)).map(drop);
    let named = |role: &Role| match role {
        Role::Named(name) => known(name).map(|()| Some(name.clone())),
        Role::Current => Ok(Some(user.to_owned())),
        Role::Public => Ok(None),
    };
    match statement {
        RoleStatement::Create { name, options } => {
            if !may {
                return Err(Refusal::may_not(
                    "create role",
                    "Only roles with the CREATEROLE attribute may create roles.",
                ));
            }
            if server.account(name).is_some() {
                return Err(Refusal::role_exists(name));
            }
            options.in_roles.iter().try_for_each(|role| known(role))?;
            Ok((vec![Change::Create(created(name, options))], "CREATE ROLE"))
        }
        RoleStatement::Alter { role, options } => {
            let Some(role) = named(role)? else { return Err(Refusal::no_role("public")) };
            let only_password = options.login.is_none() && options.creates_roles.is_none();
            let own_password = role == user && only_password;
            if !may && !own_password {
                return Err(Refusal::may_not_alter());
            }
            Ok((altered(&role, options), "ALTER ROLE"))
        }
        RoleStatement::Drop { names, if_exists } => {
            if !may {
                return Err(Refusal::may_not(
                    "drop role",
                    "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.",
                ));
            }
            let mut changes = Vec::new();
            for name in names {
                match known(name) {
                    Err(_) if *if_exists => continue,
                    known => known?,
                }
                if name == user {
                    return Err(Refusal::role_in_use("current user cannot be dropped"));
                }
                if server.account(name).is_some_and(|account| !account.rights.is_empty()) {
                    return Err(Refusal::held(name));
                }
                changes.push(Change::Drop(name.clone()));
            }
            Ok((changes, "DROP ROLE"))
        }
        RoleStatement::Member { grant, roles, members } => {
            let mut changes = Vec::new();
            for role in roles {
                known(role)?;
                for member in members {
                    let Some(member) = named(member)? else { return Err(Refusal::no_role("public")) };
                    changes.push(Change::Member { role: role.clone(), member, is: *grant });
                }
            }
            match (may, roles.first()) {
                (false, Some(role)) => Err(Refusal::may_not_grant(role)),
                _ => Ok((changes, tag(*grant, "GRANT ROLE", "REVOKE ROLE"))),
            }
        }
        RoleStatement::Rights { grant, rights, on, roles } => {
            check(server, on)?;
            let mut changes = Vec::new();
            for role in roles {
                // What everybody may is held by no role.
                let Some(role) = named(role)? else { continue };
                for right in held(rights, on) {
                    changes.push(Change::Right { role: role.clone(), right, holds: *grant });
                }
            }
            Ok((changes, tag(*grant, "GRANT", "REVOKE")))
        }
    }
}

fn tag(grant: bool, granted: &'static str, revoked: &'static str) -> &'static str {
    if grant { granted } else { revoked }
}

fn created(name: &str, options: &Options) -> Account {
    let verifier = options.password.clone().flatten().as_deref().map(accounts::verifier);
    Account {
        creates_roles: options.creates_roles == Some(true),
        login: options.login == Some(true),
        member_of: options.in_roles.clone(),
        ..Account::new(name, verifier)
    }
}

fn altered(role: &str, options: &Options) -> Vec<Change> {
    let role = || role.to_owned();
    let password = options
        .password
        .as_ref()
        .map(|password| Change::Password { role: role(), verifier: password.as_deref().map(accounts::verifier) });
    let login = options.login.map(|allowed| Change::Login { role: role(), allowed });
    let creates = options.creates_roles.map(|allowed| Change::CreatesRoles { role: role(), allowed });
    [password, login, creates].into_iter().flatten().collect()
}

/// Each right on each object, as an account keeps it: `database payments: connect`.
fn held(rights: &[String], on: &On) -> Vec<String> {
    let (kind, names, all): (_, &[String], &[&str]) = match on {
        On::Databases(names) => ("database", names, &["create", "connect", "temporary"]),
        On::Schemas(names) => ("schema", names, &["create", "usage"]),
        On::Within(_) | On::Tables(_) => return Vec::new(),
    };
    let each = |right: &String| match right.as_str() {
        "all" => all.iter().map(|right| (*right).to_owned()).collect(),
        "temp" => vec!["temporary".to_owned()],
        right => vec![right.to_owned()],
    };
    let rights: Vec<String> = rights.iter().flat_map(each).collect();
    names.iter().flat_map(|name| rights.iter().map(move |right| format!("{kind} {name}: {right}"))).collect()
}

fn check(server: &Server, on: &On) -> Result<(), Refusal> {
    match on {
        On::Databases(names) => match names.iter().find(|name| !server.databases.contains(name)) {
            Some(missing) => Err(Refusal::not_there("3D000", "database", missing)),
            None => Ok(()),
        },
        On::Schemas(names) | On::Within(names) => {
            match names.iter().find(|name| !["public", "pg_catalog", "information_schema"].contains(&name.as_str())) {
                Some(missing) => Err(Refusal::not_there("3F000", "schema", missing)),
                None => Ok(()),
            }
        }
        On::Tables(names) => {
            let first = names.first().map_or("", String::as_str);
            Err(Refusal::not_there("42P01", "relation", first))
        }
    }
}
