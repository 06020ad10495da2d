//! A database of the portal's, seen from outside: its address for the portal, its rows for whoever judges.

use anyhow::{Context, Result, bail};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use throwaway_postgres::Cluster;

const LONGEST_WAIT: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn of(word: &str) -> Option<Kind> {
        match word {
            "sqlite" => Some(Kind::Sqlite),
            "postgres" => Some(Kind::Postgres),
            _ => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Sqlite => "sqlite",
            Kind::Postgres => "postgres",
        }
    }
}

#[derive(Clone)]
pub enum Base {
    Sqlite(PathBuf),
    Postgres(Arc<Cluster>, String, String),
}

impl Base {
    pub fn sqlite(folder: &Path, name: &str) -> Base {
        Base::Sqlite(folder.join(format!("{name}.db")))
    }

    pub fn postgres(cluster: &Arc<Cluster>, name: &str) -> Result<Base> {
        let url = cluster.database(name)?;
        Ok(Base::Postgres(cluster.clone(), name.to_owned(), url))
    }

    /// As the portal's configuration writes it.
    pub fn url(&self) -> String {
        match self {
            Base::Sqlite(path) => format!("sqlite:{}", path.display()),
            Base::Postgres(_, _, url) => url.clone(),
        }
    }

    /// Every row, each column as text; null is empty.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        match self {
            Base::Postgres(cluster, name, _) => Ok(cluster.rows(name, sql)?),
            Base::Sqlite(path) => {
                let connection = open(path)?;
                let mut statement = connection.prepare(sql).with_context(|| sql.to_owned())?;
                let columns = statement.column_count();
                let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| Ok(text(row.get_ref(at)?))).collect();
                let rows: rusqlite::Result<Vec<Vec<String>>> = statement.query_map([], row)?.collect();
                rows.with_context(|| sql.to_owned())
            }
        }
    }

    /// Statements that change something.
    pub fn execute(&self, sql: &str) -> Result<()> {
        match self {
            Base::Postgres(cluster, name, _) => cluster.rows(name, sql).map(drop).map_err(Into::into),
            Base::Sqlite(path) => open(path)?.execute_batch(sql).with_context(|| sql.to_owned()),
        }
    }

    /// Waits until a count is so many, for as long as it grows.
    pub fn until(&self, sql: &str, wanted: usize) -> Result<()> {
        let (mut grew, mut most) = (Instant::now(), 0);
        loop {
            let count = usize::try_from(self.number(sql)?)?;
            if count >= wanted {
                return Ok(());
            }
            if count > most {
                (grew, most) = (Instant::now(), count);
            }
            if grew.elapsed() > LONGEST_WAIT {
                bail!("it is {count} and not {wanted}, and has not grown for {} s: {sql}", LONGEST_WAIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn state(&self, job: &str) -> Result<String> {
        let rows = self.rows(&format!("select state from job where id = '{job}'"))?;
        rows.into_iter().flatten().next().context("the job is not there")
    }

    /// The last of its log.
    pub fn position(&self, job: &str) -> Result<usize> {
        Ok(usize::try_from(self.number(&format!("select position from job where id = '{job}'"))?)?)
    }

    /// Whether a person's word to roll it back has been taken.
    pub fn was_told_to_roll_back(&self, job: &str) -> Result<bool> {
        let sql = format!("select count(*) from event where job = '{job}' and body like '%\"roll-back-asked\"%'");
        Ok(self.number(&sql)? > 0)
    }

    /// Waits for the end of a roll back.
    pub fn rolled_back(&self, job: &str) -> Result<()> {
        self.until(&format!("select count(*) from job where id = '{job}' and state = 'rolled-back'"), 1)
    }

    /// Whether nothing of it goes on by itself.
    pub fn is_settled(&self, job: &str) -> Result<bool> {
        Ok(["succeeded", "rolled-back", "needs-person", "cancelled"].contains(&self.state(job)?.as_str()))
    }

    /// Waits for that; the state then.
    pub fn settled(&self, job: &str) -> Result<String> {
        let deadline = Instant::now() + LONGEST_WAIT;
        while !self.is_settled(job)? {
            if Instant::now() > deadline {
                bail!("the job is still {} after {} s", self.state(job)?, LONGEST_WAIT.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.state(job)
    }

    /// One number.
    pub fn number(&self, sql: &str) -> Result<i64> {
        let rows = self.rows(sql)?;
        let text = rows.first().and_then(|row| row.first()).with_context(|| format!("no answer to {sql}"))?;
        text.parse().with_context(|| format!("{text:?} answers {sql}"))
    }
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).with_context(|| format!("opening {}", path.display()))?;
    connection.busy_timeout(Duration::from_secs(10))?;
    Ok(connection)
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
