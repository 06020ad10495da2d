//! A login on a new connection, timed, with the refusal in the database's own words but without a secret's value.

use crate::{
    cause::{Cause, Stage},
    settings::Settings,
};
use serde::Serialize;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use std::time::{Duration, Instant};

/// Longer than a login takes, shorter than a probe waits.
const PATIENCE: Duration = Duration::from_secs(4);

/// What became of one login.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Login {
    pub(crate) succeeded: bool,
    /// From the first packet to the answer of `select 1`.
    pub(crate) milliseconds: u64,
    #[serde(skip)]
    pub(crate) cause: Option<Cause>,
}

impl Login {
    /// True where the database knew us and said no: other secrets may do better, waiting will not.
    pub(crate) fn was_refused(&self) -> bool {
        self.cause.as_ref().and_then(|cause| cause.code.as_deref()).is_some_and(is_refusal)
    }
}

/// Logs in on a connection of its own, asks for one row and goes.
pub(crate) async fn log_in(settings: &Settings) -> Login {
    let started = Instant::now();
    let result = async {
        let options = settings.connect_options()?;
        match tokio::time::timeout(PATIENCE, one_row(&options)).await {
            Ok(answer) => answer.map_err(|error| cause_of(settings, &error)),
            Err(_) => Err(Cause::new(
                Stage::Database,
                format!("log into the database: no answer within {} s", PATIENCE.as_secs()),
            )),
        }
    }
    .await;
    Login {
        succeeded: result.is_ok(),
        milliseconds: started.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
        cause: result.err(),
    }
}

async fn one_row(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query("select 1").execute(&mut connection).await?;
    connection.close().await
}

/// What went wrong between us and the database.
pub(crate) fn cause_of(settings: &Settings, error: &sqlx::Error) -> Cause {
    let (told, code) = match error {
        sqlx::Error::Database(refusal) => (refusal.message().to_owned(), refusal.code().map(|code| code.into_owned())),
        sqlx::Error::PoolTimedOut => ("no connection became free in time".to_owned(), None),
        other => (other.to_string(), None),
    };
    let told = settings.without_values(&told);
    let who = if code.is_some() { "log into the database: the server answered" } else { "reach the database" };
    Cause { code, ..Cause::new(Stage::Database, format!("{who}: {told}")) }
}

/// SQLSTATE class 28 (who are you), 3D000 (no such database), 42501 (may not connect).
pub(crate) fn is_refusal(code: &str) -> bool {
    code.starts_with("28") || code == "3D000" || code == "42501"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::settings::tests::settings;

    #[tokio::test]
    async fn a_database_that_is_not_there_is_told_without_its_name() {
        rustls::crypto::ring::default_provider().install_default().ok();
        // Bound and dropped: nobody listens on this port now.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let settings = settings([&free.to_string(), "shop", "shop_app", "pw"], "1").unwrap();
        let login = log_in(&settings).await;
        let cause = login.cause.clone().unwrap();
        assert!(!login.succeeded && !login.was_refused());
        assert_eq!(cause.stage, Stage::Database);
        assert!(cause.message.starts_with("reach the database: "), "{cause:?}");
        assert!(!cause.message.contains("127.0.0.1"), "{cause:?}");
    }
}
