//! Reads what is about roles: making, altering and dropping them, memberships and rights.

use super::refusal::Refusal;
use super::rest::Rest;
use super::token::Token;

/// One statement about roles.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RoleStatement {
    Create {
        name: String,
        options: Options,
    },
    Alter {
        role: Role,
        options: Options,
    },
    Drop {
        names: Vec<String>,
        if_exists: bool,
    },
    /// `grant role to member`, or `revoke role from member`.
    Member {
        grant: bool,
        roles: Vec<String>,
        members: Vec<Role>,
    },
    /// `grant … on …`, or `revoke`: kept, because a role that holds rights cannot be dropped.
    Rights {
        grant: bool,
        rights: Vec<String>,
        on: On,
        roles: Vec<Role>,
    },
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    Named(String),
    Current,
    Public,
}

/// What is said of a role; what is left open stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Options {
    pub(super) login: Option<bool>,
    pub(super) creates_roles: Option<bool>,
    /// The inner none is `password null`.
    pub(super) password: Option<Option<String>>,
    pub(super) in_roles: Vec<String>,
}

/// What rights are about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum On {
    Databases(Vec<String>),
    Schemas(Vec<String>),
    /// All that is in those schemas, which is nothing.
    Within(Vec<String>),
    Tables(Vec<String>),
}

/// Reads on after the verb; none where it is about something else.
pub(super) fn parse(verb: &str, rest: &mut Rest<'_>) -> Result<Option<RoleStatement>, Refusal> {
    let about_role = |rest: &mut Rest<'_>| rest.take("role") || rest.take("user");
    Ok(Some(match verb {
        "create" => {
            let user = matches!(rest.peek(), Some(Token::Word(word)) if word == "user");
            if !about_role(rest) {
                return Ok(None);
            }
            let name = rest.name().ok_or_else(|| rest.wrong())?;
            let mut options = options(rest, "CREATE ROLE")?;
            options.login = options.login.or(user.then_some(true));
            RoleStatement::Create { name, options }
        }
        "alter" if about_role(rest) => RoleStatement::Alter { role: role(rest)?, options: some_options(rest)? },
        "drop" if about_role(rest) => {
            let if_exists = rest.take("if") && rest.take("exists");
            RoleStatement::Drop { names: rest.names()?, if_exists }
        }
        "grant" | "revoke" => rights(verb == "grant", rest)?,
        _ => return Ok(None),
    }))
}

fn role(rest: &mut Rest<'_>) -> Result<Role, Refusal> {
    Ok(match rest.peek() {
        Some(Token::Word(word)) if ["current_user", "session_user", "current_role"].contains(&word.as_str()) => {
            rest.at += 1;
            Role::Current
        }
        Some(Token::Word(word)) if word == "public" => {
            rest.at += 1;
            Role::Public
        }
        _ => Role::Named(rest.name().ok_or_else(|| rest.wrong())?),
    })
}

fn roles(rest: &mut Rest<'_>) -> Result<Vec<Role>, Refusal> {
    let mut roles = vec![role(rest)?];
    while rest.sign(",") {
        roles.push(role(rest)?);
    }
    Ok(roles)
}

fn some_options(rest: &mut Rest<'_>) -> Result<Options, Refusal> {
    match rest.peek() {
        Some(Token::Word(_)) => options(rest, "ALTER ROLE"),
        _ => Err(rest.wrong()),
    }
}

fn options(rest: &mut Rest<'_>, statement: &str) -> Result<Options, Refusal> {
    let mut options = Options::default();
    let _ = rest.take("with");
    while let Some(word) = rest.word() {
        match word.as_str() {
            "login" | "nologin" => options.login = Some(word == "login"),
            "createrole" | "nocreaterole" => options.creates_roles = Some(word == "createrole"),
            // As every role here is.
            "nosuperuser" | "nocreatedb" | "inherit" | "noreplication" | "nobypassrls" => {}
            "encrypted" | "password" => {
                if word == "encrypted" && !rest.take("password") {
                    return Err(rest.wrong());
                }
                options.password = Some(match rest.next() {
                    Some(Token::Text(password)) => Some(password),
                    Some(Token::Word(word)) if word == "null" => None,
                    _ => {
                        rest.at -= 1;
                        return Err(rest.wrong());
                    }
                });
            }
            "in" if rest.take("role") => options.in_roles = rest.names()?,
            other => return Err(Refusal::unsupported(&format!("{statement} … {}", other.to_uppercase()))),
        }
    }
    Ok(options)
}

fn rights(grant: bool, rest: &mut Rest<'_>) -> Result<RoleStatement, Refusal> {
    let (towards, statement) = if grant { ("to", "GRANT") } else { ("from", "REVOKE") };
    let rights = rest.names()?;
    if rest.take("privileges") || matches!(rest.peek(), Some(Token::Word(word)) if word == "on") {
        if !rest.take("on") {
            return Err(rest.wrong());
        }
        let on = on(rest, statement)?;
        if !rest.take(towards) {
            return Err(rest.wrong());
        }
        return Ok(RoleStatement::Rights { grant, rights, on, roles: roles(rest)? });
    }
    if !rest.take(towards) {
        return Err(rest.wrong());
    }
    let members = roles(rest)?;
    if rest.take("with") && !(rest.take("admin") && (rest.take("option") || rest.take("true"))) {
        return Err(rest.wrong());
    }
    Ok(RoleStatement::Member { grant, roles: rights, members })
}

fn on(rest: &mut Rest<'_>, statement: &str) -> Result<On, Refusal> {
    if rest.take("database") {
        return Ok(On::Databases(rest.names()?));
    }
    if rest.take("schema") {
        return Ok(On::Schemas(rest.names()?));
    }
    if rest.take("all") {
        let known = ["tables", "sequences", "functions", "routines", "procedures"].iter().any(|kind| rest.take(kind));
        return match known && rest.take("in") && rest.take("schema") {
            true => Ok(On::Within(rest.names()?)),
            false => Err(rest.wrong()),
        };
    }
    if ["sequence", "function", "language", "type", "domain", "parameter", "tablespace", "foreign"]
        .iter()
        .any(|kind| matches!(rest.peek(), Some(Token::Word(word)) if word == kind))
    {
        return Err(Refusal::unsupported(&format!("{statement} … ON")));
    }
    let _ = rest.take("table");
    Ok(On::Tables(rest.names()?))
}
