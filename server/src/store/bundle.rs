//! Statements whose results nobody needs, sent together: to SQLite each one alone is a trip to another thread and back.

use super::{Both, Tx};
use sqlx::AssertSqlSafe;
use std::borrow::Cow;
use std::fmt::Write;

/// Some of them, in their order.
#[derive(Default)]
pub(super) struct Bundle(Vec<Statement>);

/// One of them: its text with `$1`, `$2` …, and their values.
pub(super) struct Statement {
    sql: Cow<'static, str>,
    values: Vec<Value>,
}

/// What a column holds.
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl Statement {
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Statement {
        self.values.push(value.into());
        self
    }

    pub(super) fn push(&mut self, sql: &str) -> &mut Statement {
        self.sql.to_mut().push_str(sql);
        self
    }

    /// `values ($1, $2), ($3, $4)` and so on.
    pub(super) fn push_rows<const N: usize>(&mut self, rows: impl IntoIterator<Item = [Value; N]>) -> &mut Statement {
        for (at, row) in rows.into_iter().enumerate() {
            let sql = self.sql.to_mut();
            sql.push_str(if at == 0 { "values (" } else { ", (" });
            for (at, value) in row.into_iter().enumerate() {
                self.values.push(value);
                // Writing to a string cannot fail.
                let _ = write!(sql, "{}${}", if at == 0 { "" } else { ", " }, self.values.len());
            }
            sql.push(')');
        }
        self
    }
}

impl Bundle {
    pub(super) fn add(&mut self, sql: &'static str) -> &mut Statement {
        let at = self.0.len();
        self.0.push(Statement { sql: Cow::Borrowed(sql), values: Vec::new() });
        &mut self.0[at]
    }

    /// Runs them all; the first that fails ends it.
    pub(super) async fn send(self, tx: &mut Tx) -> sqlx::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        match tx.on() {
            Both::Sqlite(db) => {
                let (sql, values) = self.joined();
                let all = values.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |all, value| match value {
                    Value::Text(text) => all.bind(text),
                    Value::Number(number) => all.bind(number),
                });
                all.execute(db).await.map(drop)
            }
            Both::Postgres(db) => {
                for Statement { sql, values } in self.0 {
                    let one =
                        values.into_iter().fold(
                            sqlx::query(AssertSqlSafe(sql.into_owned())),
                            |one, value| match value {
                                Value::Text(text) => one.bind(text),
                                Value::Number(number) => one.bind(number),
                            },
                        );
                    one.execute(&mut *db).await?;
                }
                Ok(())
            }
        }
    }

    /// All of them as one text, the values of each numbered behind those of the ones before.
    fn joined(self) -> (String, Vec<Value>) {
        let (mut sql, mut all) = (String::new(), Vec::new());
        for statement in self.0 {
            let mut parts = statement.sql.split('$');
            sql.push_str(parts.next().unwrap_or_default());
            for part in parts {
                let digits = part.find(|at: char| !at.is_ascii_digit()).unwrap_or(part.len());
                let number = part[..digits].parse::<usize>().unwrap_or_default();
                // Writing to a string cannot fail.
                let _ = write!(sql, "${}{}", number + all.len(), &part[digits..]);
            }
            sql.push(';');
            all.extend(statement.values);
        }
        (sql, all)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, Value};

    #[test]
    fn what_goes_together_is_numbered_on() {
        let mut bundle = Bundle::default();
        bundle.add("update a set b = $2 where c = $1").bind("c").bind(7);
        bundle
            .add("insert into d (e, f) ")
            .push_rows([["1".into(), 2.into()], ["3".into(), 4.into()]])
            .push(" returning e");
        bundle.add("delete from g");
        let (sql, values) = bundle.joined();
        assert_eq!(
            sql,
            "update a set b = $2 where c = $1;insert into d (e, f) values ($3, $4), ($5, $6) returning e;delete from g;"
        );
        let values: Vec<String> = values
            .into_iter()
            .map(|value| match value {
                Value::Text(text) => text,
                Value::Number(number) => number.to_string(),
            })
            .collect();
        assert_eq!(values, ["c", "7", "1", "2", "3", "4"]);
    }
}
