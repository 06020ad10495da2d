//! What a caller of the store can branch on.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row, or none that this caller may touch.
    #[error("there is no such row")]
    NotFound,
    /// A value that must be unique is in use already; names the field.
    #[error("{0} is taken already")]
    Taken(&'static str),
    /// Somebody else holds the lease now: the epoch that this writer was given is over.
    #[error("another worker has taken over")]
    Superseded,
    /// Somebody wrote to the log first: read on, decide again, append again.
    #[error("the log has moved on")]
    Behind,
    /// A question under a key that has had its effect already: nothing of this transaction happened.
    #[error("the same question has had its effect already")]
    Repeated,
    /// A second server on the same SQLite file.
    #[error("another Keystead server is using {0}: stop it first, or give this one a database of its own")]
    InUse(String),
    #[error("the database failed: {0}")]
    Database(String),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Error::NotFound,
            other => Error::Database(other.to_string()),
        }
    }
}

impl Error {
    /// `Taken(field)` where a unique or primary key was violated, otherwise as any other failure.
    pub fn taken(error: sqlx::Error, field: &'static str) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Error::Taken(field),
            _ => error.into(),
        }
    }
}
