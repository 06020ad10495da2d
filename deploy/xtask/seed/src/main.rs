//! Multiplies the one environment of a portal's database, for measurements: `seed DATABASE COUNT`.
//!
//! The copies are rows as the portal itself has written them, under names and ids of their own, so that a change of the
//! schema needs no change here.

use std::env;

use anyhow::{Context, Result, bail};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [database, count] = arguments.as_slice() else {
        bail!("usage: seed DATABASE COUNT");
    };
    let count: usize = count.parse().context("COUNT is a number")?;
    let mut connection = Connection::open(database).with_context(|| format!("opening {database}"))?;
    let (columns, original) = only_environment(&connection)?;
    let text = |column: &str| -> Result<String> {
        let at = columns.iter().position(|name| name == column).with_context(|| format!("there is no {column}"))?;
        match &original[at] {
            Value::Text(text) => Ok(text.clone()),
            other => bail!("{column} holds {other:?}"),
        }
    };
    let (id, name) = (text("id")?, text("name")?);
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
    let insert = format!("insert into environment ({}) values ({})", columns.join(", "), places.join(", "));
    let change = connection.transaction()?;
    for number in 1..count {
        let copy = original.iter().map(|value| match value {
            Value::Text(text) => {
                Value::Text(text.replace(&id, &other_id(&id, number)).replace(&name, &format!("copy-{number:05}")))
            }
            other => other.clone(),
        });
        change.execute(&insert, params_from_iter(copy)).with_context(|| format!("writing copy {number}"))?;
    }
    change.commit()?;
    println!("{count} environments");
    Ok(())
}

/// The names of the columns, and the values of the one row.
fn only_environment(connection: &Connection) -> Result<(Vec<String>, Vec<Value>)> {
    let mut statement = connection.prepare("select * from environment")?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    let row = rows.next()?.context("the database holds no environment to copy")?;
    let values = (0..columns.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()?;
    if rows.next()?.is_some() {
        bail!("the database holds more than one environment already");
    }
    Ok((columns, values))
}

/// The same UUID with other last digits.
fn other_id(id: &str, number: usize) -> String {
    format!("{}{number:012x}", &id[..id.len().saturating_sub(12)])
}
