//! Answers questions in a small part of Kusto's query language over tables in memory.
//!
//! A query is a table's name and operators after pipes: `where`, `project`, `extend`, `summarize … by`, `distinct`,
//! `order by` (`sort by`), `top … by`, `take` (`limit`) and `count`. Expressions have comparisons, string operators,
//! `and`, `or`, `in`, `between`, arithmetic, and the functions of [`function`]; `summarize` has those of [`aggregate`].
//! Whatever else Kusto has is refused by name, never ignored.
//! Source: learn.microsoft.com/kusto/query.

mod aggregate;
mod evaluate;
mod function;
mod needed;
mod parse;
mod refusal;
mod run;
mod syntax;
mod token;
mod value;

pub(super) use needed::Needed;
pub(super) use parse::expression::moment;
pub(super) use refusal::{Reason, Refusal};
pub(super) use value::{Column, Kind, Table, Value};

use jiff::Timestamp;

/// Runs a query. `find` gives the table of a name, with all its rows but those that lack what is needed of every row;
/// `now` is what `now()` and `ago()` count from.
pub(super) fn run(
    query: &str,
    find: impl Fn(&str, &[Needed]) -> Option<Table>,
    now: Timestamp,
) -> Result<Table, Refusal> {
    let query = parse::parse(&token::tokens(query)?)?;
    let table = find(&query.table, &needed::of(&query)).ok_or_else(|| Refusal::no_table(&query.table))?;
    query.operators.iter().try_fold(table, |table, operator| run::run(operator, table, now))
}

/// The table that a query asks, without running it.
pub(super) fn table_of(query: &str) -> Result<String, Refusal> {
    Ok(parse::parse(&token::tokens(query)?)?.table)
}

#[cfg(test)]
mod tests;
