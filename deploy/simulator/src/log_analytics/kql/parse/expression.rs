//! Reads an expression, the weakest binding first: or, and, comparison, sum, product, sign, part.

use jiff::Timestamp;

use super::Rest;
use crate::log_analytics::kql::refusal::Refusal;
use crate::log_analytics::kql::syntax::{Expression, Text, Two};
use crate::log_analytics::kql::token::Word;
use crate::log_analytics::kql::value::Value;

/// Deeper than any question that somebody means, and shallow enough for every stack.
const DEEPEST: usize = 64;

/// Reads one expression.
pub(super) fn parse(rest: &mut Rest<'_>) -> Result<Expression, Refusal> {
    Reader { rest, depth: 0 }.or()
}

struct Reader<'r, 't> {
    rest: &'r mut Rest<'t>,
    depth: usize,
}

fn two(kind: Two, one: Expression, other: Expression) -> Expression {
    Expression::Two(kind, Box::new(one), Box::new(other))
}

impl Reader<'_, '_> {
    fn or(&mut self) -> Result<Expression, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::unsupported("an expression nested this deep"));
        }
        let mut found = self.and()?;
        while self.rest.word("or") {
            found = two(Two::Or, found, self.and()?);
        }
        self.depth -= 1;
        Ok(found)
    }

    fn and(&mut self) -> Result<Expression, Refusal> {
        let mut found = self.comparison()?;
        while self.rest.word("and") {
            found = two(Two::And, found, self.comparison()?);
        }
        Ok(found)
    }

    fn comparison(&mut self) -> Result<Expression, Refusal> {
        let value = self.sum()?;
        let text = |test, cased, wanted| Two::Text { test, cased, wanted };
        let sign = match self.rest.peek() {
            Some(Word::Sign("==")) => Some(Two::Equal),
            Some(Word::Sign("!=")) => Some(Two::NotEqual),
            Some(Word::Sign("<")) => Some(Two::Less),
            Some(Word::Sign("<=")) => Some(Two::LessOrEqual),
            Some(Word::Sign(">")) => Some(Two::Greater),
            Some(Word::Sign(">=")) => Some(Two::GreaterOrEqual),
            Some(Word::Sign("=~")) => Some(text(Text::Equals, false, true)),
            Some(Word::Sign("!~")) => Some(text(Text::Equals, false, false)),
            _ => None,
        };
        if let Some(sign) = sign {
            self.rest.at += 1;
            return Ok(two(sign, value, self.sum()?));
        }
        let wanted = !(self.rest.peek_sign("!") && matches!(self.rest.look(1), Some(Word::Name(_))));
        let named = if wanted { self.rest.look(0) } else { self.rest.look(1) };
        let Some(Word::Name(name)) = named else { return Ok(value) };
        let name = name.clone();
        let (plain, cased) = match name.strip_suffix("_cs") {
            Some(plain) => (plain, true),
            None => (name.as_str(), false),
        };
        let test = match plain {
            "contains" => Text::Contains,
            "startswith" => Text::StartsWith,
            "endswith" => Text::EndsWith,
            "has" => Text::Has,
            "in" => return self.within(value, wanted),
            "between" => return self.between(value, wanted),
            "matches" | "has_any" | "has_all" | "hasprefix" | "hassuffix" => {
                return Err(Refusal::unsupported(&format!("the operator '{name}'")));
            }
            _ => return Ok(value),
        };
        self.rest.at += if wanted { 1 } else { 2 };
        Ok(two(text(test, cased, wanted), value, self.sum()?))
    }

    fn within(&mut self, value: Expression, wanted: bool) -> Result<Expression, Refusal> {
        self.rest.at += if wanted { 1 } else { 2 };
        // The tilde of `in~` is no sign of its own anywhere else, so the lexer reads it with what follows or not at all.
        let cased = !self.rest.sign("~");
        self.open()?;
        let mut list = vec![self.or()?];
        while self.rest.sign(",") {
            list.push(self.or()?);
        }
        self.close(")")?;
        Ok(Expression::In { value: Box::new(value), list, cased, wanted })
    }

    fn between(&mut self, value: Expression, wanted: bool) -> Result<Expression, Refusal> {
        self.rest.at += if wanted { 1 } else { 2 };
        self.open()?;
        let from = self.sum()?;
        self.close("..")?;
        let to = self.sum()?;
        self.close(")")?;
        Ok(Expression::Between { value: Box::new(value), from: Box::new(from), to: Box::new(to), wanted })
    }

    fn sum(&mut self) -> Result<Expression, Refusal> {
        let mut found = self.product()?;
        loop {
            let kind = match self.rest.peek() {
                Some(Word::Sign("+")) => Two::Add,
                Some(Word::Sign("-")) => Two::Subtract,
                _ => return Ok(found),
            };
            self.rest.at += 1;
            found = two(kind, found, self.product()?);
        }
    }

    fn product(&mut self) -> Result<Expression, Refusal> {
        let mut found = self.signed()?;
        loop {
            let kind = match self.rest.peek() {
                Some(Word::Sign("*")) => Two::Multiply,
                Some(Word::Sign("/")) => Two::Divide,
                Some(Word::Sign("%")) => Two::Modulo,
                _ => return Ok(found),
            };
            self.rest.at += 1;
            found = two(kind, found, self.signed()?);
        }
    }

    fn signed(&mut self) -> Result<Expression, Refusal> {
        if self.rest.sign("-") {
            return Ok(Expression::Minus(Box::new(self.part()?)));
        }
        self.part()
    }

    /// `value.name`, `value['name']`, `value[0]`.
    fn part(&mut self) -> Result<Expression, Refusal> {
        let mut found = self.primary()?;
        loop {
            let part = if self.rest.sign(".") {
                let name = self.rest.name().ok_or_else(|| self.rest.wrong())?;
                Expression::Constant(Value::Text(name))
            } else if self.rest.sign("[") {
                let part = self.or()?;
                self.close("]")?;
                part
            } else {
                return Ok(found);
            };
            found = Expression::Part(Box::new(found), Box::new(part));
        }
    }

    fn primary(&mut self) -> Result<Expression, Refusal> {
        Ok(match self.rest.next() {
            Some(Word::Text(text)) => Expression::Constant(Value::Text(text)),
            Some(Word::Whole(whole)) => Expression::Constant(Value::Whole(whole)),
            Some(Word::Real(real)) => Expression::Constant(Value::Real(real)),
            Some(Word::Span(span)) => Expression::Constant(Value::Span(span)),
            Some(Word::Moment(text)) if text == "null" => Expression::Constant(Value::Null),
            Some(Word::Moment(text)) => {
                let at = moment(&text)
                    .ok_or_else(|| Refusal::semantic(format!("datetime({text}): the value is no datetime")))?;
                Expression::Constant(Value::Time(at))
            }
            Some(Word::Sign("(")) => {
                let found = self.or()?;
                self.close(")")?;
                found
            }
            Some(Word::Name(name)) => match name.as_str() {
                "true" | "false" => Expression::Constant(Value::Truth(name == "true")),
                "not" if self.rest.sign("(") => {
                    let found = self.or()?;
                    self.close(")")?;
                    Expression::Not(Box::new(found))
                }
                _ if self.rest.sign("(") => Expression::Call(name, self.arguments()?),
                _ => Expression::Column(name),
            },
            _ => return Err(self.rest.before()),
        })
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, Refusal> {
        let mut found = Vec::new();
        if self.rest.sign(")") {
            return Ok(found);
        }
        loop {
            found.push(self.or()?);
            if !self.rest.sign(",") {
                self.close(")")?;
                return Ok(found);
            }
        }
    }

    fn open(&mut self) -> Result<(), Refusal> {
        self.close("(")
    }

    fn close(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.rest.sign(sign) { Ok(()) } else { Err(self.rest.wrong()) }
    }
}

/// A moment, or a day for its beginning, both UTC where nothing else is said.
pub(in crate::log_analytics) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| format!("{text}Z").parse().ok()).or_else(|| format!("{text}T00:00:00Z").parse().ok())
}
