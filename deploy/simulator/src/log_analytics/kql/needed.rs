//! Finds what every row must have to pass the first conditions of a query, so that the others need not be read at all.

use super::syntax::{Expression, Operator, Query, Text, Two};
use super::value::Value;

/// A column that has to equal a text; letters may differ in case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::log_analytics) struct Needed {
    column: String,
    text: String,
}

impl Needed {
    pub(in crate::log_analytics) fn column(&self) -> &str {
        &self.column
    }

    /// Whether a row with this text may pass.
    pub(in crate::log_analytics) fn may_be(&self, text: &str) -> bool {
        text.eq_ignore_ascii_case(&self.text) || text.to_lowercase() == self.text
    }
}

/// What the conditions at the beginning of a query ask of every row, as far as that is seen without running them.
pub(super) fn of(query: &Query) -> Vec<Needed> {
    let mut found = Vec::new();
    for operator in &query.operators {
        let Operator::Where(condition) = operator else { break };
        each(condition, &mut found);
    }
    found
}

fn each(condition: &Expression, found: &mut Vec<Needed>) {
    let Expression::Two(two, left, right) = condition else { return };
    match two {
        Two::And => [left, right].into_iter().for_each(|side| each(side, found)),
        Two::Equal | Two::Text { test: Text::Equals, wanted: true, .. } => {
            if let (Expression::Column(column), Expression::Constant(Value::Text(text)))
            | (Expression::Constant(Value::Text(text)), Expression::Column(column)) = (&**left, &**right)
                && !text.is_empty()
            {
                found.push(Needed { column: column.clone(), text: text.to_lowercase() });
            }
        }
        _ => {}
    }
}
