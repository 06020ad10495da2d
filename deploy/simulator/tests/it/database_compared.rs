//! Asks the simulated database server and a real PostgreSQL the same through sqlx, and compares what both answer.
use azure_simulator::Clock;
use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgRow, PgValueFormat};
use sqlx::{Column, ConnectOptions, Either, Executor, PgConnection, Row, TypeInfo, ValueRef};
use throwaway_postgres::{Care, Cluster};

use crate::database::Told;
use crate::visitor::Visitor;

/// One statement each line; `psql` is compared with the same.
const APPLICATION: &str = include_str!("../../conformance/statements/application.sql");
const ADMINISTRATOR: &str = include_str!("../../conformance/statements/administrator.sql");

fn statements(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with("--")).map(|line| line.trim_end_matches(';'))
}

/// A database on a real server with the same roles.
async fn real(cluster: &Cluster) -> PgConnectOptions {
    let options: PgConnectOptions = cluster.database("payments").unwrap().parse().unwrap();
    let mut owner = options.connect().await.unwrap();
    for statement in [
        "create role payments_app login",
        "create role server_admin login createrole",
        "grant pg_signal_backend, pg_read_all_stats to server_admin",
        "alter database payments owner to server_admin",
        "alter schema public owner to server_admin",
    ] {
        owner.execute(statement).await.unwrap();
    }
    options
}

/// Everything that a client is told: columns with their types, each value's bytes, how many rows, or what went wrong.
async fn answer(connection: &mut PgConnection, statement: &'static str, prepared: bool) -> Vec<String> {
    let mut said = Vec::new();
    let mut note = |step: Either<sqlx::postgres::PgQueryResult, PgRow>| match step {
        Either::Left(done) => said.push(format!("{} rows", done.rows_affected())),
        Either::Right(row) => said.push(shown(&row)),
    };
    let mut steps = match prepared {
        true => connection.fetch_many(sqlx::query(statement)),
        false => connection.fetch_many(sqlx::raw_sql(statement)),
    };
    let ended = loop {
        match steps.try_next().await {
            Ok(Some(step)) => note(step),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop(steps);
    if let Err(error) = ended {
        let told = error.as_database_error().map(|error| {
            let code = error.code().map(|code| code.into_owned()).unwrap_or_default();
            format!("{code} {}", error.message())
        });
        said.push(told.unwrap_or_else(|| error.to_string()));
    }
    said
}

/// Without what differs for a reason: the words of 42501 are others in each version of PostgreSQL, and how many rows SHOW
/// has is counted by the library that speaks its protocol here, and by PostgreSQL not.
fn alike(said: Vec<String>) -> Vec<String> {
    let one = |line: String| match line.as_str() {
        "0 rows" | "1 rows" => "ended".to_owned(),
        _ if line.starts_with("42501 ") => "42501".to_owned(),
        _ => line,
    };
    said.into_iter().map(one).collect()
}

fn shown(row: &PgRow) -> String {
    let value = |column: &sqlx::postgres::PgColumn| {
        let value = row.try_get_raw(column.ordinal()).unwrap();
        let format = if value.format() == PgValueFormat::Binary { "binary" } else { "text" };
        let bytes = if value.is_null() { "null".to_owned() } else { hex(value.as_bytes().unwrap()) };
        format!("{} {} {format} {bytes}", column.name(), column.type_info().name())
    };
    row.columns().iter().map(value).collect::<Vec<_>>().join(", ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn sqlx_is_answered_as_by_a_real_server() {
    // Both clocks are the wall's: `now()` is asked nowhere here.
    let visitor = Visitor::with(Clock::wall(60.0)).await;
    let told = Told::of(&visitor);
    let cluster = Cluster::start(Care::Careless).unwrap();
    let reality = real(&cluster).await;
    let mut differences = Vec::new();
    for prepared in [false, true] {
        for (user, text) in [("payments_app", APPLICATION), ("server_admin", ADMINISTRATOR)] {
            let simulated = if user == "server_admin" { told.as_administrator() } else { told.options() };
            let mut here = simulated.connect().await.unwrap();
            let mut there = reality.clone().username(user).connect().await.unwrap();
            for statement in statements(text) {
                let found = alike(answer(&mut here, statement, prepared).await);
                let wanted = alike(answer(&mut there, statement, prepared).await);
                if found != wanted {
                    let how = if prepared { "prepared" } else { "simple" };
                    differences.push(format!("{how}: {statement}\n  simulated: {found:?}\n  real:      {wanted:?}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
