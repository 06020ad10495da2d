//! Reads a query: a table, then operators after pipes.

pub(super) mod expression;

use super::refusal::Refusal;
use super::syntax::{Aggregate, Aggregated, Expression, Key, Named, Operator, Query};
use super::token::{Token, Word};

/// Reads the whole of it.
pub(super) fn parse(tokens: &[Token]) -> Result<Query, Refusal> {
    let mut rest = Rest { tokens, at: 0 };
    let table = match rest.name() {
        Some(name)
            if ["let", "set", "union", "search", "find", "print", "range", "datatable", "externaldata"]
                .contains(&name.as_str()) =>
        {
            return Err(Refusal::unsupported(&format!("a query that begins with '{name}'")));
        }
        Some(name) => name,
        None => return Err(rest.wrong()),
    };
    if rest.peek_sign("(") {
        return Err(Refusal::unsupported(&format!("the function '{table}()' as a table")));
    }
    let mut operators = Vec::new();
    while rest.sign("|") {
        operator(&mut rest, &mut operators)?;
    }
    let _ = rest.sign(";");
    if rest.peek().is_some() { Err(rest.wrong()) } else { Ok(Query { table, operators }) }
}

fn operator(rest: &mut Rest<'_>, found: &mut Vec<Operator>) -> Result<(), Refusal> {
    let Some(name) = rest.name() else { return Err(rest.wrong()) };
    let dashed = |rest: &mut Rest<'_>| match (rest.sign("-"), rest.name()) {
        (true, Some(second)) => format!("{name}-{second}"),
        _ => name.clone(),
    };
    match name.as_str() {
        "where" | "filter" => found.push(Operator::Where(rest.expression()?)),
        "extend" => found.push(Operator::Extend(named(rest)?)),
        "summarize" => found.push(summarize(rest)?),
        "distinct" => found.push(Operator::Distinct(if rest.sign("*") { Vec::new() } else { named(rest)? })),
        "order" | "sort" => {
            rest.expect("by")?;
            found.push(Operator::Order(rest.list(key)?));
        }
        "top" => {
            let count = count(rest)?;
            rest.expect("by")?;
            found.extend([Operator::Order(rest.list(key)?), Operator::Take(count)]);
        }
        "take" | "limit" => found.push(Operator::Take(count(rest)?)),
        "count" => found.push(Operator::Count),
        "project" if rest.peek_sign("-") => match dashed(rest).as_str() {
            "project-away" => {
                let names = rest.list(|rest| rest.name().ok_or_else(|| rest.wrong()))?;
                found.push(Operator::ProjectAway(names));
            }
            other => return Err(Refusal::unsupported(&format!("the operator '{other}'"))),
        },
        "project" => found.push(Operator::Project(named(rest)?)),
        _ => {
            let name = if rest.peek_sign("-") { dashed(rest) } else { name };
            return Err(Refusal::unsupported(&format!("the operator '{name}'")));
        }
    }
    Ok(())
}

fn count(rest: &mut Rest<'_>) -> Result<usize, Refusal> {
    match rest.next() {
        Some(Word::Whole(count)) => usize::try_from(count).map_err(|_| rest.before()),
        _ => Err(rest.before()),
    }
}

fn key(rest: &mut Rest<'_>) -> Result<Key, Refusal> {
    let value = rest.expression()?;
    let rising = rest.word("asc");
    if !rising {
        let _ = rest.word("desc");
    }
    let nulls_first = if rest.word("nulls") {
        let first = rest.word("first");
        if !first {
            rest.expect("last")?;
        }
        first
    } else {
        rising
    };
    Ok(Key { value, rising, nulls_first })
}

/// `name = expression` or an expression that has a name of its own; the others are `Column1`, `Column2` …
fn named(rest: &mut Rest<'_>) -> Result<Vec<Named>, Refusal> {
    let mut unnamed = 0;
    rest.list(|rest| {
        let given = given_name(rest);
        let value = rest.expression()?;
        let name = given.or_else(|| value.own_name()).unwrap_or_else(|| {
            unnamed += 1;
            format!("Column{unnamed}")
        });
        Ok(Named { name, value })
    })
}

fn given_name(rest: &mut Rest<'_>) -> Option<String> {
    let (Some(Word::Name(name)), Some(Word::Sign("="))) = (rest.look(0), rest.look(1)) else { return None };
    let name = name.clone();
    rest.at += 2;
    Some(name)
}

fn summarize(rest: &mut Rest<'_>) -> Result<Operator, Refusal> {
    let aggregates = if rest.peek_word("by") { Vec::new() } else { rest.list(aggregated)? };
    let by = if rest.word("by") { named(rest)? } else { Vec::new() };
    Ok(Operator::Summarize { aggregates, by })
}

fn aggregated(rest: &mut Rest<'_>) -> Result<Aggregated, Refusal> {
    let name = given_name(rest);
    let Some(function) = rest.name() else { return Err(rest.wrong()) };
    if !rest.sign("(") {
        return Err(rest.wrong());
    }
    let function = match function.as_str() {
        "count" => Aggregate::Count,
        "countif" => Aggregate::CountIf(rest.expression()?),
        "dcount" => Aggregate::CountDistinct(rest.expression()?),
        "sum" => Aggregate::Sum(rest.expression()?),
        "avg" => Aggregate::Average(rest.expression()?),
        "min" => Aggregate::Least(rest.expression()?),
        "max" => Aggregate::Greatest(rest.expression()?),
        "arg_max" | "arg_min" => {
            let by = rest.expression()?;
            let columns = match rest.sign(",") {
                false => Some(Vec::new()),
                true if rest.sign("*") => None,
                true => Some(rest.list(|rest| rest.expression())?),
            };
            Aggregate::Row { greatest: function == "arg_max", by, columns }
        }
        other => return Err(Refusal::unsupported(&format!("the aggregate '{other}()'"))),
    };
    if rest.sign(")") { Ok(Aggregated { name, function }) } else { Err(rest.wrong()) }
}

/// The pieces that are still to be read.
struct Rest<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Rest<'_> {
    fn look(&self, ahead: usize) -> Option<&Word> {
        self.tokens.get(self.at + ahead).map(|token| &token.word)
    }

    fn peek(&self) -> Option<&Word> {
        self.look(0)
    }

    fn peek_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Word::Sign(next)) if *next == sign)
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(next)) if next == word)
    }

    /// The next piece; counts on past the end.
    fn next(&mut self) -> Option<Word> {
        self.at += 1;
        self.tokens.get(self.at - 1).map(|token| token.word.clone())
    }

    fn name(&mut self) -> Option<String> {
        let Some(Word::Name(name)) = self.peek() else { return None };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.peek_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Refusal> {
        if self.word(word) { Ok(()) } else { Err(self.wrong()) }
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
        let mut found = vec![one(self)?];
        while self.sign(",") {
            found.push(one(self)?);
        }
        Ok(found)
    }

    fn expression(&mut self) -> Result<Expression, Refusal> {
        expression::parse(self)
    }

    /// A syntax error at the next piece.
    fn wrong(&self) -> Refusal {
        match self.tokens.get(self.at).or_else(|| self.tokens.last()) {
            Some(token) => Refusal::syntax(&token.text, token.line, token.column),
            None => Refusal::syntax("", 1, 1),
        }
    }

    /// A syntax error at the piece that was read last.
    fn before(&self) -> Refusal {
        Self { tokens: self.tokens, at: self.at.saturating_sub(1) }.wrong()
    }
}
