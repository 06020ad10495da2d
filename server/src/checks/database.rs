//! Every pod can log into its database with what the vault gave it.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use domain::wish;

pub(super) struct Database;

#[async_trait]
impl Check for Database {
    fn key(&self) -> &'static str {
        "database"
    }

    fn title(&self) -> &'static str {
        "The app reaches its database"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let wish::Database::Named { server, database, username, .. } = &subject.wish().database;
        let (server, database, username) = (server.to_string(), database.to_string(), username.to_string());
        let reports = subject.reports().await?;
        let logins: Vec<_> =
            reports.iter().map(|report| report.said.as_ref().ok().and_then(|said| said.login.clone())).collect();
        let refused = logins.iter().flatten().find(|login| !login.succeeded);
        let found = if let Some(login) = refused {
            let cause = login.cause.clone().unwrap_or_default();
            Found::failed(
                "login refused",
                "The database server does not let the app in with the user and password that the vault holds.",
                "Put the right password into the vault, or have the user let in, and validate again.",
            )
            .quoting(cause.words())
        } else if logins.is_empty() || logins.iter().any(Option::is_none) {
            Found::could_not_tell(
                "no login tried",
                "A pod did not get as far as its database, so nothing is known of it.",
            )
        } else {
            let slowest = logins.iter().flatten().map(|login| login.milliseconds).max().unwrap_or(0);
            Found::passed(format!("login in {slowest} ms"))
        };
        Ok(found.with("server", server).with("database", database).with("user", username))
    }
}
