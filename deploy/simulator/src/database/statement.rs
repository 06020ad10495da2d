//! Reads the few statements that this server runs, and names the others.

use super::activity::{self, Activity};
use super::refusal::Refusal;
use super::rest::Rest;
use super::role_statement::{self, RoleStatement};
use super::token::Token;

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    /// `select` of constants and functions, without a table: one row.
    Select(Vec<Item>),
    /// `show name`.
    Show(String),
    /// `set name = value`, or back to the default.
    Set {
        name: String,
        value: Option<String>,
    },
    /// `begin`, with the tag that answers it (`BEGIN` or `START TRANSACTION`).
    Begin(&'static str),
    Commit,
    Rollback,
    /// What is about roles and their rights.
    Role(RoleStatement),
    /// `select … from pg_stat_activity`.
    Activity(Activity),
}

/// One column of a `select`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// The column's name, given or by PostgreSQL's rules.
    pub(super) name: String,
    pub(super) value: Expression,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Null,
    Boolean(bool),
    /// As written, with its sign.
    Number(String),
    Text(String),
    /// A function by its lower-case name, or a word that stands for one (`current_user`).
    Call {
        function: String,
        argument: Option<String>,
    },
    Cast(Box<Expression>, Kind),
    /// `pg_terminate_backend(pid)`
    Terminate(i32),
}

/// The types that values have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Integer,
    BigInteger,
    Numeric,
    Text,
    Name,
    Time,
}

impl Kind {
    /// The type of that name, `None` for one that is not here.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bool" | "boolean" => Self::Boolean,
            "int" | "int4" | "integer" => Self::Integer,
            "int8" | "bigint" => Self::BigInteger,
            "numeric" | "decimal" => Self::Numeric,
            "text" | "varchar" => Self::Text,
            "name" => Self::Name,
            "timestamptz" => Self::Time,
            _ => return None,
        })
    }

    /// PostgreSQL's internal name, which an unnamed cast gives its column.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "bool",
            Self::Integer => "int4",
            Self::BigInteger => "int8",
            Self::Numeric => "numeric",
            Self::Text => "text",
            Self::Name => "name",
            Self::Time => "timestamptz",
        }
    }

    /// The name of the standard, by which errors call it.
    pub(super) fn spoken(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::BigInteger => "bigint",
            Self::Time => "timestamp with time zone",
            Self::Numeric | Self::Text | Self::Name => self.name(),
        }
    }
}

/// Words that are functions without parentheses.
const BARE: [&str; 6] =
    ["current_user", "user", "session_user", "current_catalog", "current_role", "current_timestamp"];

/// What else statements of PostgreSQL begin with.
const KNOWN: [&str; 43] = [
    "analyze",
    "call",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "copy",
    "deallocate",
    "declare",
    "delete",
    "discard",
    "do",
    "execute",
    "explain",
    "fetch",
    "import",
    "insert",
    "listen",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "savepoint",
    "security",
    "start",
    "table",
    "truncate",
    "unlisten",
    "update",
    "vacuum",
    "values",
    "with",
    "alter",
    "create",
    "drop",
    "grant",
    "revoke",
];

/// Reads one statement, whose pieces are not empty.
pub(super) fn parse(tokens: &[Token]) -> Result<Statement, Refusal> {
    let mut rest = Rest { tokens, at: 0 };
    let statement = match rest.word().as_deref() {
        Some("select") if activity::is_asked(tokens) => Statement::Activity(activity::parse(&mut rest)?),
        Some("select") => select(&mut rest)?,
        Some("show") => Statement::Show(parameter(&mut rest)?),
        Some("set") => set(&mut rest)?,
        Some("reset") => Statement::Set { name: parameter(&mut rest)?, value: None },
        Some("begin") => begin(&mut rest, "BEGIN"),
        Some("start") if rest.take("transaction") => begin(&mut rest, "START TRANSACTION"),
        Some("commit" | "end") => ending(&mut rest, Statement::Commit),
        Some("rollback" | "abort") => ending(&mut rest, Statement::Rollback),
        Some(verb @ ("create" | "alter" | "drop" | "grant" | "revoke")) => {
            match role_statement::parse(verb, &mut rest)? {
                Some(statement) => Statement::Role(statement),
                None => return Err(Refusal::unsupported(&called(tokens))),
            }
        }
        Some(verb) if KNOWN.contains(&verb) => return Err(Refusal::unsupported(&called(tokens))),
        _ => {
            rest.at = 0;
            return Err(rest.wrong());
        }
    };
    match rest.peek() {
        None => Ok(statement),
        // `select … from`, `rollback to`, `alter role … createdb`: known to PostgreSQL, not to us.
        Some(Token::Word(word)) => Err(Refusal::unsupported(&format!("{} … {}", called(tokens), word.to_uppercase()))),
        Some(_) => Err(rest.wrong()),
    }
}

/// The statement's name as PostgreSQL writes it in a command tag: `CREATE TABLE`, `INSERT`.
fn called(tokens: &[Token]) -> String {
    let words = tokens.iter().map_while(|token| match token {
        Token::Word(word) => Some(word.to_uppercase()),
        _ => None,
    });
    let words: Vec<String> = words.take(2).collect();
    let two = ["CREATE", "ALTER", "DROP", "REFRESH", "START", "COMMENT", "PREPARE", "DECLARE", "REASSIGN"];
    match words.as_slice() {
        [] => "this text".to_owned(),
        [first, ..] if !two.contains(&first.as_str()) => first.clone(),
        words => words.join(" "),
    }
}

fn begin(rest: &mut Rest<'_>, tag: &'static str) -> Statement {
    let _ = rest.take("work") || rest.take("transaction");
    // Isolation and access mode change nothing where nothing is kept between statements.
    while let Some(Token::Word(word)) = rest.peek()
        && ["isolation", "level", "read", "only", "write", "committed", "uncommitted", "repeatable", "serializable"]
            .contains(&word.as_str())
    {
        rest.at += 1;
        let _ = rest.sign(",");
    }
    Statement::Begin(tag)
}

fn ending(rest: &mut Rest<'_>, statement: Statement) -> Statement {
    let _ = rest.take("work") || rest.take("transaction");
    statement
}

fn select(rest: &mut Rest<'_>) -> Result<Statement, Refusal> {
    let mut items = Vec::new();
    loop {
        let value = expression(rest)?;
        let name = if rest.take("as") {
            rest.name().ok_or_else(|| rest.wrong())?
        } else if let Some(Token::Quoted(name)) = rest.peek() {
            let name = name.clone();
            rest.at += 1;
            name
        } else {
            column(&value)
        };
        items.push(Item { name, value });
        if !rest.sign(",") {
            return Ok(Statement::Select(items));
        }
    }
}

/// PostgreSQL's `FigureColname`: a function gives its name, a cast its type where nothing else does.
fn column(value: &Expression) -> String {
    match value {
        Expression::Call { function, .. } => function.clone(),
        Expression::Terminate(_) => "pg_terminate_backend".to_owned(),
        Expression::Cast(inner, kind) => match inner.as_ref() {
            Expression::Call { function, .. } => function.clone(),
            Expression::Terminate(_) => "pg_terminate_backend".to_owned(),
            _ => kind.name().to_owned(),
        },
        _ => "?column?".to_owned(),
    }
}

fn expression(rest: &mut Rest<'_>) -> Result<Expression, Refusal> {
    let mut value = primary(rest)?;
    while rest.sign("::") {
        value = Expression::Cast(Box::new(value), kind(rest)?);
    }
    Ok(value)
}

fn primary(rest: &mut Rest<'_>) -> Result<Expression, Refusal> {
    let minus = rest.sign("-");
    let Some(token) = rest.next() else { return Err(rest.wrong()) };
    Ok(match token {
        Token::Number(number) => Expression::Number(if minus { format!("-{number}") } else { number }),
        _ if minus => return Err(Refusal::unsupported("arithmetic")),
        Token::Text(text) => Expression::Text(text),
        Token::Parameter => return Err(Refusal::unsupported("a statement with parameters")),
        Token::Word(word) => match word.as_str() {
            "null" => Expression::Null,
            "true" | "false" => Expression::Boolean(word == "true"),
            "cast" if rest.sign("(") => {
                let value = expression(rest)?;
                let kind = if rest.take("as") { kind(rest)? } else { return Err(rest.wrong()) };
                rest.close()?;
                Expression::Cast(Box::new(value), kind)
            }
            "pg_terminate_backend" if rest.sign("(") => {
                let number = match rest.next() {
                    Some(Token::Number(number)) => number.parse().map_err(|_| rest.wrong())?,
                    _ => {
                        rest.at -= 1;
                        return Err(rest.wrong());
                    }
                };
                rest.close()?;
                Expression::Terminate(number)
            }
            _ if rest.sign("(") => {
                let argument = match rest.peek() {
                    Some(Token::Text(text)) => {
                        let text = text.clone();
                        rest.at += 1;
                        Some(text)
                    }
                    _ => None,
                };
                rest.close()?;
                Expression::Call { function: word, argument }
            }
            _ if BARE.contains(&word.as_str()) => Expression::Call { function: word, argument: None },
            _ => return Err(Refusal::no_column(&word)),
        },
        Token::Quoted(name) => return Err(Refusal::no_column(&name)),
        Token::Sign("(") => {
            let value = expression(rest)?;
            rest.close()?;
            value
        }
        Token::Sign(_) | Token::Other(_) => {
            rest.at -= 1;
            return Err(rest.wrong());
        }
    })
}

fn kind(rest: &mut Rest<'_>) -> Result<Kind, Refusal> {
    let Some(name) = rest.word() else { return Err(rest.wrong()) };
    if name == "timestamp" && rest.take("with") && rest.take("time") && rest.take("zone") {
        return Ok(Kind::Time);
    }
    Kind::named(&name).ok_or_else(|| Refusal::unsupported(&format!("a cast to {name}")))
}

fn set(rest: &mut Rest<'_>) -> Result<Statement, Refusal> {
    let _ = rest.take("session") || rest.take("local");
    let name = parameter(rest)?;
    // `set time zone 'UTC'` has no sign between.
    let _ = rest.sign("=") || rest.take("to");
    let mut values = Vec::new();
    loop {
        let minus = if rest.sign("-") { "-" } else { "" };
        match rest.next() {
            Some(Token::Word(word) | Token::Quoted(word) | Token::Text(word) | Token::Number(word)) => {
                values.push(format!("{minus}{word}"));
            }
            _ => return Err(rest.wrong()),
        }
        if !rest.sign(",") {
            break;
        }
    }
    let value = Some(values.join(", ")).filter(|value| value != "default");
    Ok(Statement::Set { name, value })
}

/// A configuration parameter's name, in one of its several spellings.
fn parameter(rest: &mut Rest<'_>) -> Result<String, Refusal> {
    let Some(mut name) = rest.name() else { return Err(rest.wrong()) };
    while rest.sign(".") {
        name = format!("{name}.{}", rest.name().ok_or_else(|| rest.wrong())?);
    }
    Ok(match name.as_str() {
        "time" if rest.take("zone") => "timezone".to_owned(),
        "transaction" if rest.take("isolation") && rest.take("level") => "transaction_isolation".to_owned(),
        "names" => "client_encoding".to_owned(),
        _ => name.to_lowercase(),
    })
}
