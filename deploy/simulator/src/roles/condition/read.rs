//! Takes the text of a condition apart.
use std::fmt;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::{Attribute, Condition, Operator, Over, Relation};

/// The condition that a text means, or in words what in it is not understood.
pub fn read(text: &str) -> Result<Condition, String> {
    let mut tokens = Tokens(tokens(text)?.into_iter().peekable());
    let condition = tokens.any()?;
    match tokens.0.next() {
        None => Ok(condition),
        Some(token) => Err(format!("'{token}' is not expected here")),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// `ActionMatches`, `Exists`, an operator.
    Word(String),
    Attribute(Attribute),
    /// `{…}`, or one value alone.
    Values(Vec<String>),
}

impl fmt::Display for Token {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => write!(to, "("),
            Self::Close => write!(to, ")"),
            Self::And => write!(to, "AND"),
            Self::Or => write!(to, "OR"),
            Self::Not => write!(to, "NOT"),
            Self::Word(word) => write!(to, "{word}"),
            Self::Attribute(attribute) => write!(to, "@{}[{}]", attribute.source, attribute.name),
            Self::Values(values) => write!(to, "{{{}}}", values.join(", ")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '!' => (Token::Not, 1),
            '&' if rest.starts_with("&&") => (Token::And, 2),
            '|' if rest.starts_with("||") => (Token::Or, 2),
            '@' => {
                let (inside, length) = until(rest, '[', ']')?;
                let source = rest[1..].split('[').next().unwrap_or_default();
                (Token::Attribute(Attribute::new(source.trim(), inside.trim())), length)
            }
            '{' => {
                let (inside, length) = until(rest, '{', '}')?;
                let values = inside.split(',').map(|value| value.trim().trim_matches('\'').to_owned());
                (Token::Values(values.collect()), length)
            }
            '\'' => {
                let end = rest[1..].find('\'').ok_or("a quotation mark is missing")?;
                (Token::Values(vec![rest[1..=end].to_owned()]), end + 2)
            }
            _ => {
                let word: String =
                    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ":-_".contains(*c)).collect();
                if word.is_empty() {
                    return Err(format!("'{first}' is not understood"));
                }
                let length = word.len();
                let token = match word.to_ascii_uppercase().as_str() {
                    "AND" => Token::And,
                    "OR" => Token::Or,
                    "NOT" => Token::Not,
                    _ => Token::Word(word),
                };
                (token, length)
            }
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// What stands between the first `open` and the `close` after it, and how long the text is up to there.
fn until(text: &str, open: char, close: char) -> Result<(&str, usize), String> {
    let begin = text.find(open).ok_or_else(|| format!("'{open}' is missing"))?;
    let end = text[begin..].find(close).ok_or_else(|| format!("'{close}' is missing"))? + begin;
    Ok((&text[begin + 1..end], end + 1))
}

struct Tokens(Peekable<IntoIter<Token>>);

impl Tokens {
    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.0.next_if_eq(&Token::Or).is_some() {
            parts.push(self.all()?);
        }
        Ok(only(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.one()?];
        while self.0.next_if_eq(&Token::And).is_some() {
            parts.push(self.one()?);
        }
        Ok(only(parts, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, String> {
        match self.0.next() {
            Some(Token::Not) => Ok(Condition::Not(Box::new(self.one()?))),
            Some(Token::Open) => {
                let inside = self.any()?;
                self.0.next_if_eq(&Token::Close).ok_or("')' is missing")?;
                Ok(inside)
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("ActionMatches") => {
                let patterns = self.values()?;
                Ok(only(patterns.into_iter().map(Condition::ActionMatches).collect(), Condition::Any))
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("Exists") => match self.0.next() {
                Some(Token::Attribute(attribute)) => Ok(Condition::Exists(attribute)),
                other => Err(instead_of("an attribute", other)),
            },
            Some(Token::Attribute(attribute)) => {
                let word = match self.0.next() {
                    Some(Token::Word(word)) => word,
                    other => return Err(instead_of("an operator", other)),
                };
                let (over, operator) = operator(&word)?;
                let mut values = self.values()?;
                if word.to_ascii_lowercase().contains("guid") {
                    // A role may be named by its whole resource id.
                    values.iter_mut().for_each(|value| *value = super::guid(value).to_owned());
                }
                Ok(Condition::Compare(attribute, over, operator, values))
            }
            other => Err(instead_of("a condition", other)),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.0.next() {
            Some(Token::Values(values)) => Ok(values),
            // A single id needs no quotation marks.
            Some(Token::Word(word)) => Ok(vec![word]),
            other => Err(instead_of("a value", other)),
        }
    }
}

fn only(mut parts: Vec<Condition>, several: impl FnOnce(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

fn instead_of(wanted: &str, found: Option<Token>) -> String {
    match found {
        Some(token) => format!("{wanted} is expected instead of '{token}'"),
        None => format!("{wanted} is expected instead of the end"),
    }
}

fn operator(word: &str) -> Result<(Over, Operator), String> {
    let (over, name) = match word.split_once(':') {
        Some((over, name)) => (over.to_ascii_lowercase(), name),
        None => (String::new(), word),
    };
    let over = match over.as_str() {
        "" | "foranyofanyvalues" => Over::AnyOfAny,
        "forallofanyvalues" => Over::AllOfAny,
        "foranyofallvalues" => Over::AnyOfAll,
        "forallofallvalues" => Over::AllOfAll,
        _ => return Err(format!("'{word}' is not understood")),
    };
    let operator = |relation, ignores_case, negated| Ok((over, Operator { relation, ignores_case, negated }));
    match name.to_ascii_lowercase().as_str() {
        "stringequals" => operator(Relation::Equals, false, false),
        "stringnotequals" => operator(Relation::Equals, false, true),
        "stringequalsignorecase" | "guidequals" => operator(Relation::Equals, true, false),
        "stringnotequalsignorecase" | "guidnotequals" => operator(Relation::Equals, true, true),
        "stringlike" => operator(Relation::Like, false, false),
        "stringnotlike" => operator(Relation::Like, false, true),
        "stringlikeignorecase" => operator(Relation::Like, true, false),
        "stringnotlikeignorecase" => operator(Relation::Like, true, true),
        "stringstartswith" => operator(Relation::StartsWith, false, false),
        "stringnotstartswith" => operator(Relation::StartsWith, false, true),
        "stringstartswithignorecase" => operator(Relation::StartsWith, true, false),
        "stringnotstartswithignorecase" => operator(Relation::StartsWith, true, true),
        _ => Err(format!("the operator '{word}' is not understood")),
    }
}
