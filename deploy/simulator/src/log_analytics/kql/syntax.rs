//! What a query is made of, once it has been read.

use super::value::Value;

/// A table and what is done to it, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) table: String,
    pub(super) operators: Vec<Operator>,
}

/// One operator after a pipe.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operator {
    Where(Expression),
    Project(Vec<Named>),
    /// Columns that go, all others stay.
    ProjectAway(Vec<String>),
    Extend(Vec<Named>),
    Summarize {
        aggregates: Vec<Aggregated>,
        by: Vec<Named>,
    },
    Distinct(Vec<Named>),
    Order(Vec<Key>),
    Take(usize),
    Count,
}

/// A column that is worked out, under its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) value: Expression,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) value: Expression,
    pub(super) rising: bool,
    pub(super) nulls_first: bool,
}

/// One aggregate of a `summarize`, under the name that it was given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aggregated {
    pub(super) name: Option<String>,
    pub(super) function: Aggregate,
}

/// The functions of `summarize`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Aggregate {
    Count,
    CountIf(Expression),
    CountDistinct(Expression),
    Sum(Expression),
    Average(Expression),
    Least(Expression),
    Greatest(Expression),
    /// The columns of the row in which `by` is greatest (or least); all of them for `*`.
    Row {
        greatest: bool,
        by: Expression,
        columns: Option<Vec<Expression>>,
    },
}

/// What has a value in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Constant(Value),
    Column(String),
    /// A part of a dynamic value: `.name`, `['name']` or `[0]`.
    Part(Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Minus(Box<Expression>),
    Two(Two, Box<Expression>, Box<Expression>),
    /// `in`, `!in`, `in~`, `!in~`.
    In {
        value: Box<Expression>,
        list: Vec<Expression>,
        cased: bool,
        wanted: bool,
    },
    Between {
        value: Box<Expression>,
        from: Box<Expression>,
        to: Box<Expression>,
        wanted: bool,
    },
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Two {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// A test of two strings; with `cased` letters have case.
    Text {
        test: Text,
        cased: bool,
        wanted: bool,
    },
}

/// The tests of strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
    /// A whole word, between characters that are neither letter nor digit.
    Has,
}

impl Expression {
    /// The name of a column that is given none: a column's own, that of the only column in a function, else none.
    pub(super) fn own_name(&self) -> Option<String> {
        match self {
            Self::Column(name) => Some(name.clone()),
            Self::Part(_, part) => match part.as_ref() {
                Self::Constant(Value::Text(name)) => Some(name.clone()),
                _ => None,
            },
            Self::Call(function, arguments)
                if ["bin", "tostring", "tolower", "toupper"].contains(&function.as_str()) =>
            {
                arguments.first()?.own_name()
            }
            _ => None,
        }
    }
}
