//! Refuses a statement or a login with PostgreSQL's own code and words.

use pgwire::error::{ErrorInfo, PgWireError};

/// One refusal. `fatal` ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The SQLSTATE.
    pub(super) code: &'static str,
    /// The sentence, as PostgreSQL 16 says it.
    pub(super) message: String,
    detail: Option<String>,
    fatal: bool,
}

impl Refusal {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, detail: None, fatal: false }
    }

    /// 42601, with what is wrong or the word at which reading stopped.
    pub(super) fn syntax(why: &str) -> Self {
        Self::new("42601", why.to_owned())
    }

    /// 0A000: a statement that PostgreSQL knows and this server does not.
    pub(super) fn unsupported(name: &str) -> Self {
        Self::new("0A000", format!("{name} is not supported by this simulated server"))
    }

    /// 42883.
    pub(super) fn no_function(name: &str) -> Self {
        Self::new("42883", format!("function {name} does not exist"))
    }

    /// 42703.
    pub(super) fn no_column(name: &str) -> Self {
        Self::new("42703", format!("column \"{name}\" does not exist"))
    }

    /// 42704, for `show` and `set`.
    pub(super) fn no_parameter(name: &str) -> Self {
        Self::new("42704", format!("unrecognized configuration parameter \"{name}\""))
    }

    /// 22023: a value that a setting cannot have.
    pub(super) fn no_value(name: &str, value: &str) -> Self {
        Self::new("22023", format!("invalid value for parameter \"{name}\": \"{value}\""))
    }

    /// 2BP01.
    pub(super) fn held(role: &str) -> Self {
        let message = format!("role \"{role}\" cannot be dropped because some objects depend on it");
        Self::new("2BP01", message)
    }

    /// 42704.
    pub(super) fn no_role(name: &str) -> Self {
        Self::new("42704", format!("role \"{name}\" does not exist"))
    }

    /// 22P02.
    pub(super) fn not_a(kind: &str, text: &str) -> Self {
        Self::new("22P02", format!("invalid input syntax for type {kind}: \"{text}\""))
    }

    /// 25P02.
    pub(super) fn transaction_failed() -> Self {
        Self::new("25P02", "current transaction is aborted, commands ignored until end of transaction block".to_owned())
    }

    /// 42501: PostgreSQL 16 wants CREATEROLE for another role's password.
    pub(super) fn may_not_alter() -> Self {
        Self::may_not(
            "alter role",
            "To change another role's password, the current user must have the CREATEROLE attribute and the ADMIN option on the role.",
        )
    }

    /// 42501.
    pub(super) fn may_not(what: &str, detail: &str) -> Self {
        Self { detail: Some(detail.to_owned()), ..Self::new("42501", format!("permission denied to {what}")) }
    }

    /// 42501.
    pub(super) fn may_not_grant(role: &str) -> Self {
        let detail = format!("Only roles with the ADMIN option on role \"{role}\" may grant this role.");
        Self { detail: Some(detail), ..Self::new("42501", format!("permission denied to grant role \"{role}\"")) }
    }

    /// 42710.
    pub(super) fn role_exists(name: &str) -> Self {
        Self::new("42710", format!("role \"{name}\" already exists"))
    }

    /// 55006.
    pub(super) fn role_in_use(why: &str) -> Self {
        Self::new("55006", why.to_owned())
    }

    /// A database, schema or relation that is not there; each has a code of its own.
    pub(super) fn not_there(code: &'static str, what: &str, name: &str) -> Self {
        Self::new(code, format!("{what} \"{name}\" does not exist"))
    }

    /// 28000.
    pub(super) fn may_not_log_in(role: &str) -> Self {
        Self { fatal: true, ..Self::new("28000", format!("role \"{role}\" is not permitted to log in")) }
    }

    /// 28P01; the same words whether the role is unknown or the password wrong.
    pub(super) fn wrong_password(user: &str) -> Self {
        Self { fatal: true, ..Self::new("28P01", format!("password authentication failed for user \"{user}\"")) }
    }

    /// 28000: Azure's servers accept connections over TLS alone (`require_secure_transport`).
    pub(super) fn not_encrypted(host: &str, user: &str, database: &str) -> Self {
        let message = format!(
            "no pg_hba.conf entry for host \"{host}\", user \"{user}\", database \"{database}\", no encryption"
        );
        Self { fatal: true, ..Self::new("28000", message) }
    }

    /// 57P01.
    pub(super) fn sent_away() -> Self {
        let message = "terminating connection due to administrator command".to_owned();
        Self { fatal: true, ..Self::new("57P01", message) }
    }

    /// 28000.
    pub(super) fn no_user() -> Self {
        Self { fatal: true, ..Self::new("28000", "no PostgreSQL user name specified in startup packet".to_owned()) }
    }

    /// 3D000.
    pub(super) fn no_database(name: &str) -> Self {
        Self { fatal: true, ..Self::new("3D000", format!("database \"{name}\" does not exist")) }
    }

    /// 08P01.
    pub(super) fn too_few_formats() -> Self {
        Self::new("08P01", "bind message has fewer result formats than the query has columns".to_owned())
    }

    /// 58030: the simulator's state file refused to be written.
    pub(super) fn not_kept(why: &str) -> Self {
        Self::new("58030", format!("could not write the simulator's state: {why}"))
    }

    /// As pgwire sends it.
    pub(super) fn info(self) -> ErrorInfo {
        let severity = if self.fatal { "FATAL" } else { "ERROR" };
        let mut info = ErrorInfo::new(severity.to_owned(), self.code.to_owned(), self.message);
        info.detail = self.detail;
        info
    }
}

impl From<Refusal> for PgWireError {
    fn from(refusal: Refusal) -> Self {
        Self::UserError(Box::new(refusal.info()))
    }
}
