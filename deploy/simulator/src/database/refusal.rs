//! Refuses a statement or a login with PostgreSQL's own code and words.

use pgwire::error::{ErrorInfo, PgWireError};

/// One refusal. `fatal` ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The SQLSTATE.
    pub(super) code: &'static str,
    /// The sentence, as PostgreSQL 16 says it.
    pub(super) message: String,
    detail: Option<&'static str>,
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
        let detail = "To change another role's password, the current user must have the CREATEROLE attribute and the ADMIN option on the role.";
        Self { detail: Some(detail), ..Self::new("42501", "permission denied to alter role".to_owned()) }
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
        info.detail = self.detail.map(str::to_owned);
        info
    }
}

impl From<Refusal> for PgWireError {
    fn from(refusal: Refusal) -> Self {
        Self::UserError(Box::new(refusal.info()))
    }
}
