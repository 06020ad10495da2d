//! Answers `select … from pg_stat_activity`: who is connected, and the end of those who are chosen.

use std::sync::Arc;

use super::refusal::Refusal;
use super::rest::Rest;
use super::session::Session;
use super::statement::Kind;
use super::token::Token;
use super::value::Value;

const VIEW: &str = "pg_stat_activity";

/// One such statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Activity {
    /// Name and what is shown.
    pub(super) items: Vec<(String, Item)>,
    conditions: Vec<Condition>,
}

/// What is shown of each session, or of all.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Column(Column),
    /// `pg_terminate_backend(pid)`
    Terminate,
    /// `count(*)`: one row for all.
    Count,
}

/// The columns that are served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Column {
    ApplicationName,
    BackendStart,
    BackendType,
    Database,
    Pid,
    State,
    User,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    column: Column,
    equals: bool,
    to: Operand,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Text(String),
    OwnPid,
    OwnUser,
    OwnDatabase,
}

impl Column {
    fn named(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "application_name" => Self::ApplicationName,
            "backend_start" => Self::BackendStart,
            "backend_type" => Self::BackendType,
            "datname" => Self::Database,
            "pid" => Self::Pid,
            "state" => Self::State,
            "usename" => Self::User,
            other => return Err(Refusal::unsupported(&format!("the column {other} of {VIEW}"))),
        })
    }

    fn kind(self) -> Kind {
        match self {
            Self::Pid => Kind::Integer,
            Self::Database | Self::User => Kind::Name,
            Self::BackendStart => Kind::Time,
            Self::ApplicationName | Self::BackendType | Self::State => Kind::Text,
        }
    }

    /// What `viewer` sees of a session: of others' no more than who they are, unless it administers the server.
    fn of(self, session: &Session, viewer: &Session, administers: bool) -> Value {
        let open = administers || session.user == viewer.user;
        match self {
            Self::Pid => Value::Integer(session.pid),
            Self::Database => Value::Text(session.database.clone()),
            Self::User => Value::Text(session.user.clone()),
            _ if !open => Value::Null,
            Self::ApplicationName => Value::Text(session.setting("application_name").unwrap_or_default()),
            Self::BackendStart => Value::Time(session.begun),
            Self::BackendType => Value::Text("client backend".to_owned()),
            Self::State if session.pid == viewer.pid => Value::Text("active".to_owned()),
            Self::State if session.transaction_start().is_some() => Value::Text("idle in transaction".to_owned()),
            Self::State => Value::Text("idle".to_owned()),
        }
    }
}

impl Item {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Column(column) => column.kind(),
            Self::Terminate => Kind::Boolean,
            Self::Count => Kind::BigInteger,
        }
    }
}

/// Whether the pieces of a `select` name the view.
pub(super) fn is_asked(tokens: &[Token]) -> bool {
    let word = |token: &Token, wanted: &str| matches!(token, Token::Word(word) if word == wanted);
    tokens.windows(2).any(|two| word(&two[0], "from") && word(&two[1], VIEW))
}

/// Reads on after `select`.
pub(super) fn parse(rest: &mut Rest<'_>) -> Result<Activity, Refusal> {
    let mut items = Vec::new();
    loop {
        let word = rest.word().ok_or_else(|| rest.wrong())?;
        let item = match word.as_str() {
            "count" if rest.sign("(") => {
                if !rest.signs("*") {
                    return Err(Refusal::unsupported("count of a column"));
                }
                rest.close()?;
                Item::Count
            }
            "pg_terminate_backend" if rest.sign("(") => {
                if !rest.take("pid") {
                    return Err(rest.wrong());
                }
                rest.close()?;
                Item::Terminate
            }
            column => Item::Column(Column::named(column)?),
        };
        let name = if rest.take("as") { rest.name().ok_or_else(|| rest.wrong())? } else { word };
        items.push((name, item));
        if !rest.sign(",") {
            break;
        }
    }
    if items.len() > 1 && items.iter().any(|(_, item)| *item == Item::Count) {
        return Err(Refusal::unsupported("count(*) beside a column"));
    }
    if !(rest.take("from") && rest.take(VIEW)) {
        return Err(rest.wrong());
    }
    let mut conditions = Vec::new();
    if rest.take("where") {
        conditions.push(condition(rest)?);
        while rest.take("and") {
            conditions.push(condition(rest)?);
        }
    }
    Ok(Activity { items, conditions })
}

fn condition(rest: &mut Rest<'_>) -> Result<Condition, Refusal> {
    let column = Column::named(&rest.word().ok_or_else(|| rest.wrong())?)?;
    let equals = rest.sign("=");
    if !equals && !rest.signs("<>") && !rest.signs("!=") {
        return Err(Refusal::unsupported(&format!("another condition on {VIEW} than = and <>")));
    }
    let to = match rest.next() {
        Some(Token::Text(text) | Token::Number(text)) => Operand::Text(text),
        Some(Token::Word(word)) if word == "current_user" || word == "session_user" => Operand::OwnUser,
        Some(Token::Word(word)) if word == "pg_backend_pid" && rest.sign("(") => {
            rest.close()?;
            Operand::OwnPid
        }
        Some(Token::Word(word)) if word == "current_database" && rest.sign("(") => {
            rest.close()?;
            Operand::OwnDatabase
        }
        _ => {
            rest.at -= 1;
            return Err(rest.wrong());
        }
    };
    Ok(Condition { column, equals, to })
}

/// The rows, as `viewer` sees them; `end` ends a session, or says why it may not be.
pub(super) fn rows(
    asked: &Activity,
    sessions: &[Arc<Session>],
    viewer: &Session,
    administers: bool,
    end: &dyn Fn(&Session) -> Result<bool, Refusal>,
) -> Result<Vec<Vec<Value>>, Refusal> {
    let holds = |condition: &Condition, session: &Session| {
        let wanted = match &condition.to {
            Operand::Text(text) => text.clone(),
            Operand::OwnPid => viewer.pid.to_string(),
            Operand::OwnUser => viewer.user.clone(),
            Operand::OwnDatabase => viewer.database.clone(),
        };
        // Null is neither equal nor different.
        let found = condition.column.of(session, viewer, administers).text();
        found.is_some_and(|found| (found == wanted) == condition.equals)
    };
    let chosen: Vec<_> =
        sessions.iter().filter(|session| asked.conditions.iter().all(|it| holds(it, session))).collect();
    if asked.items.iter().any(|(_, item)| *item == Item::Count) {
        return Ok(vec![vec![Value::BigInteger(i64::try_from(chosen.len()).unwrap_or(i64::MAX))]]);
    }
    let cell = |session: &Session, item: &Item| match item {
        Item::Column(column) => Ok(column.of(session, viewer, administers)),
        Item::Terminate => end(session).map(Value::Boolean),
        Item::Count => Ok(Value::Null),
    };
    chosen.into_iter().map(|session| asked.items.iter().map(|(_, item)| cell(session, item)).collect()).collect()
}
