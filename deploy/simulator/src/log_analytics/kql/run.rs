//! Does one operator to a table.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::aggregate::summarize;
use super::evaluate::{holds, kind_of, value_of};
use super::refusal::Refusal;
use super::syntax::{Expression, Key, Named, Operator};
use super::value::{Column, Kind, Table, Value};

/// The table after the operator.
pub(super) fn run(operator: &Operator, mut table: Table, now: Timestamp) -> Result<Table, Refusal> {
    match operator {
        Operator::Where(test) => {
            match kind_of(test, &table)? {
                Kind::Truth | Kind::Dynamic => {}
                other => {
                    return Err(Refusal::semantic(format!("'where' operator: expected a bool, got {}", other.name())));
                }
            }
            let rows = std::mem::take(&mut table.rows);
            table.rows = rows.into_iter().filter(|row| holds(test, &table, row, now)).collect();
            Ok(table)
        }
        Operator::Project(columns) => project(columns, &table, now),
        Operator::ProjectAway(names) => {
            if let Some(missing) = names.iter().find(|name| table.position(name).is_none()) {
                return Err(Refusal::no_column(missing));
            }
            let stays = table.columns.iter().filter(|column| !names.contains(&column.name));
            let stays: Vec<Named> = stays.map(|column| column_named(&column.name)).collect();
            project(&stays, &table, now)
        }
        Operator::Extend(columns) => extend(columns, &table, now),
        Operator::Summarize { aggregates, by } => summarize(aggregates, by, &table, now),
        Operator::Distinct(columns) if columns.is_empty() => {
            let all: Vec<Named> = table.columns.iter().map(|column| column_named(&column.name)).collect();
            summarize(&[], &all, &table, now)
        }
        Operator::Distinct(columns) => summarize(&[], columns, &table, now),
        Operator::Order(keys) => order(keys, table, now),
        Operator::Take(count) => {
            table.rows.truncate(*count);
            Ok(table)
        }
        Operator::Count => {
            let count = Value::Whole(i64::try_from(table.rows.len()).unwrap_or(i64::MAX));
            let column = Column { name: "Count".to_owned(), kind: Kind::Whole };
            Ok(Table { columns: vec![column], rows: vec![vec![count]] })
        }
    }
}

fn column_named(name: &str) -> Named {
    Named { name: name.to_owned(), value: Expression::Column(name.to_owned()) }
}

fn project(columns: &[Named], table: &Table, now: Timestamp) -> Result<Table, Refusal> {
    let kinds: Result<Vec<Column>, Refusal> = columns
        .iter()
        .map(|column| Ok(Column { name: column.name.clone(), kind: kind_of(&column.value, table)? }))
        .collect();
    let row = |row: &Vec<Value>| columns.iter().map(|column| value_of(&column.value, table, row, now)).collect();
    Ok(Table { columns: kinds?, rows: table.rows.iter().map(row).collect() })
}

/// A column of a name that is there already takes its place.
fn extend(columns: &[Named], table: &Table, now: Timestamp) -> Result<Table, Refusal> {
    let mut all: Vec<Named> = table.columns.iter().map(|column| column_named(&column.name)).collect();
    for column in columns {
        match all.iter_mut().find(|known| known.name == column.name) {
            Some(known) => known.value = column.value.clone(),
            None => all.push(column.clone()),
        }
    }
    project(&all, table, now)
}

fn order(keys: &[Key], mut table: Table, now: Timestamp) -> Result<Table, Refusal> {
    for key in keys {
        kind_of(&key.value, &table)?;
    }
    let rows = std::mem::take(&mut table.rows);
    let mut keyed: Vec<(Vec<Value>, Vec<Value>)> = rows
        .into_iter()
        .map(|row| (keys.iter().map(|key| value_of(&key.value, &table, &row, now)).collect(), row))
        .collect();
    keyed.sort_by(|(one, _), (other, _)| {
        let orders = keys.iter().zip(one.iter().zip(other)).map(|(key, (one, other))| compare(key, one, other));
        orders.fold(Ordering::Equal, Ordering::then)
    });
    table.rows = keyed.into_iter().map(|(_, row)| row).collect();
    Ok(table)
}

fn compare(key: &Key, one: &Value, other: &Value) -> Ordering {
    let nulls = |null_is_one: bool| if null_is_one == key.nulls_first { Ordering::Less } else { Ordering::Greater };
    match (one, other) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => nulls(true),
        (_, Value::Null) => nulls(false),
        _ if key.rising => one.sort(other),
        _ => other.sort(one),
    }
}
