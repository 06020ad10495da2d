//! Sums up the rows of each group of a `summarize`.

use std::collections::HashMap;

use jiff::Timestamp;

use super::evaluate::{holds, kind_of, value_of};
use super::refusal::Refusal;
use super::syntax::{Aggregate, Aggregated, Expression, Named};
use super::value::{Column, Kind, Table, Value};

/// `summarize aggregates by groups`: the groups' columns first, then each aggregate's.
pub(super) fn summarize(
    aggregates: &[Aggregated],
    by: &[Named],
    table: &Table,
    now: Timestamp,
) -> Result<Table, Refusal> {
    let mut columns = Vec::new();
    for group in by {
        columns.push(Column { name: group.name.clone(), kind: kind_of(&group.value, table)? });
    }
    for aggregate in aggregates {
        for column in columns_of(aggregate, by, table)? {
            let taken = columns.iter().any(|known| known.name == column.name);
            columns.push(if taken { Column { name: format!("{}1", column.name), ..column } } else { column });
        }
    }
    // Groups in the order in which they are first met; values have no hash, their text and type have.
    let mut order: Vec<(Vec<Value>, Vec<&Vec<Value>>)> = Vec::new();
    let mut known: HashMap<Vec<(bool, String)>, usize> = HashMap::new();
    for row in &table.rows {
        let values: Vec<Value> = by.iter().map(|group| value_of(&group.value, table, row, now)).collect();
        let key = values.iter().map(|value| (*value == Value::Null, value.to_text())).collect();
        let at = *known.entry(key).or_insert_with(|| {
            order.push((values, Vec::new()));
            order.len() - 1
        });
        order[at].1.push(row);
    }
    if by.is_empty() && order.is_empty() {
        order.push((Vec::new(), Vec::new()));
    }
    let rows = order.into_iter().map(|(mut values, rows)| {
        for aggregate in aggregates {
            values.extend(values_of(&aggregate.function, by, table, &rows, now));
        }
        values
    });
    Ok(Table { columns, rows: rows.collect() })
}

/// The columns that an aggregate gives: one, but for `arg_max` and `arg_min`.
fn columns_of(aggregated: &Aggregated, by: &[Named], table: &Table) -> Result<Vec<Column>, Refusal> {
    let one = |word: &str, of: Option<&Expression>, kind: Kind| {
        let name = aggregated
            .name
            .clone()
            .unwrap_or_else(|| format!("{word}_{}", of.and_then(Expression::own_name).unwrap_or_default()));
        Ok(vec![Column { name, kind }])
    };
    match &aggregated.function {
        Aggregate::Count => one("count", None, Kind::Whole),
        Aggregate::CountIf(test) => {
            kind_of(test, table)?;
            one("countif", None, Kind::Whole)
        }
        Aggregate::CountDistinct(of) => {
            kind_of(of, table)?;
            one("dcount", Some(of), Kind::Whole)
        }
        Aggregate::Sum(of) => one("sum", Some(of), number(kind_of(of, table)?, "sum()")?),
        Aggregate::Average(of) => {
            number(kind_of(of, table)?, "avg()")?;
            one("avg", Some(of), Kind::Real)
        }
        Aggregate::Least(of) => one("min", Some(of), kind_of(of, table)?),
        Aggregate::Greatest(of) => one("max", Some(of), kind_of(of, table)?),
        Aggregate::Row { by: key, columns, greatest } => {
            let word = if *greatest { "max" } else { "min" };
            let name = aggregated.name.clone().or_else(|| key.own_name()).unwrap_or_else(|| format!("{word}_"));
            let mut found = vec![Column { name, kind: kind_of(key, table)? }];
            for (name, expression) in others(key, columns.as_deref(), by, table) {
                found.push(Column { name, kind: kind_of(&expression, table)? });
            }
            Ok(found)
        }
    }
}

/// What `arg_max` gives beside its key: what was named, or with `*` every column that is neither key nor group.
fn others(key: &Expression, columns: Option<&[Expression]>, by: &[Named], table: &Table) -> Vec<(String, Expression)> {
    match columns {
        Some(columns) => columns
            .iter()
            .enumerate()
            .map(|(at, column)| (column.own_name().unwrap_or_else(|| format!("Column{}", at + 1)), column.clone()))
            .collect(),
        None => {
            let key = key.own_name();
            let shown = |name: &String| Some(name) != key.as_ref() && !by.iter().any(|group| group.name == *name);
            let names = table.columns.iter().map(|column| column.name.clone()).filter(shown);
            names.map(|name| (name.clone(), Expression::Column(name))).collect()
        }
    }
}

fn number(kind: Kind, of: &str) -> Result<Kind, Refusal> {
    match kind {
        Kind::Whole | Kind::Real => Ok(kind),
        other => Err(Refusal::semantic(format!("{of}: expected a number, got {}", other.name()))),
    }
}

fn values_of(aggregate: &Aggregate, by: &[Named], table: &Table, rows: &[&Vec<Value>], now: Timestamp) -> Vec<Value> {
    let each = |of: &Expression| -> Vec<Value> {
        let values = rows.iter().map(|row| value_of(of, table, row, now));
        values.filter(|value| *value != Value::Null).collect()
    };
    let count = |count: usize| vec![Value::Whole(i64::try_from(count).unwrap_or(i64::MAX))];
    match aggregate {
        Aggregate::Count => count(rows.len()),
        Aggregate::CountIf(test) => count(rows.iter().filter(|row| holds(test, table, row, now)).count()),
        Aggregate::CountDistinct(of) => {
            let mut texts: Vec<String> = each(of).iter().map(Value::to_text).collect();
            texts.sort_unstable();
            texts.dedup();
            count(texts.len())
        }
        Aggregate::Sum(of) => vec![sum(&each(of))],
        Aggregate::Average(of) => {
            let numbers: Vec<f64> = each(of).iter().filter_map(Value::number).collect();
            vec![if numbers.is_empty() {
                Value::Null
            } else {
                Value::Real(numbers.iter().sum::<f64>() / numbers.len() as f64)
            }]
        }
        Aggregate::Least(of) => vec![each(of).into_iter().min_by(Value::sort).unwrap_or(Value::Null)],
        Aggregate::Greatest(of) => vec![each(of).into_iter().max_by(Value::sort).unwrap_or(Value::Null)],
        Aggregate::Row { greatest, by: key, columns } => {
            let keyed = rows.iter().map(|row| (value_of(key, table, row, now), *row));
            let keyed = keyed.filter(|(value, _)| *value != Value::Null);
            let found = match greatest {
                true => keyed.max_by(|one, other| one.0.sort(&other.0)),
                false => keyed.min_by(|one, other| one.0.sort(&other.0)),
            };
            let others = others(key, columns.as_deref(), by, table);
            match found {
                Some((value, row)) => std::iter::once(value)
                    .chain(others.iter().map(|(_, expression)| value_of(expression, table, row, now)))
                    .collect(),
                None => vec![Value::Null; others.len() + 1],
            }
        }
    }
}

fn sum(values: &[Value]) -> Value {
    let whole: Option<Vec<i64>> =
        values.iter().map(|value| if let Value::Whole(whole) = value { Some(*whole) } else { None }).collect();
    match whole {
        Some(whole) => Value::Whole(whole.iter().fold(0, |sum, one| sum.saturating_add(*one))),
        None => Value::Real(values.iter().filter_map(Value::number).sum()),
    }
}
