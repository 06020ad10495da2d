//! Reads the `$filter` of a list: comparisons and functions, joined by `and`, `or`, `not` and parentheses.
use std::iter::Peekable;
use std::vec::IntoIter;

/// A filter, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them; without any everything passes.
    All(Vec<Filter>),
    /// One of them.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// `field operator value`
    Term(String, String, String),
    /// `name(arguments)`
    Call(String, Vec<String>),
}

const OPERATORS: [&str; 6] = ["eq", "ne", "ge", "gt", "le", "lt"];

impl Filter {
    /// The filter that a text means, or in words what in it is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut words = Words(words(text)?.into_iter().peekable());
        if words.0.peek().is_none() {
            return Ok(Self::All(Vec::new()));
        }
        let filter = words.any()?;
        match words.0.next() {
            None => Ok(filter),
            Some(word) => Err(format!("'{word}' is not expected here")),
        }
    }

    /// The comparisons of a filter that is nothing but comparisons joined by `and`.
    pub fn into_terms(self) -> Option<Vec<(String, String, String)>> {
        match self {
            Self::Term(field, operator, value) => Some(vec![(field, operator, value)]),
            Self::All(parts) => {
                parts.into_iter().map(Self::into_terms).collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            _ => None,
        }
    }

    /// Whether something passes: `holds` decides each comparison (field, operator, value), `is` each function.
    pub fn passes(&self, holds: &impl Fn(&str, &str, &str) -> bool, is: &impl Fn(&str, &[String]) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.passes(holds, is)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(holds, is)),
            Self::Not(part) => !part.passes(holds, is),
            Self::Term(field, operator, value) => holds(field, operator, value),
            Self::Call(name, arguments) => is(name, arguments),
        }
    }

    /// The arguments of every use of a function.
    pub fn functions(&self, wanted: &str) -> Vec<&[String]> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(|part| part.functions(wanted)).collect(),
            Self::Not(part) => part.functions(wanted),
            Self::Call(name, arguments) if name.eq_ignore_ascii_case(wanted) => vec![arguments],
            Self::Call(..) | Self::Term(..) => Vec::new(),
        }
    }

    /// Every comparison in it, as (field, operator), and every function by its name.
    pub fn parts(&self) -> Vec<(&str, &str)> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::parts).collect(),
            Self::Not(part) => part.parts(),
            Self::Term(field, operator, _) => vec![(field, operator)],
            Self::Call(name, _) => vec![(name, "()")],
        }
    }
}

/// Words as they are, text with a quotation mark before it.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if letter.is_whitespace() => {}
            '(' | ')' | ',' => found.push(letter.to_string()),
            '\'' => {
                let mut inside = String::from("'");
                loop {
                    match letters.next() {
                        Some('\'') if letters.peek() == Some(&'\'') => inside.extend(letters.next()),
                        Some('\'') => break,
                        Some(other) => inside.push(other),
                        None => return Err("a quotation mark is missing".to_owned()),
                    }
                }
                found.push(inside);
            }
            _ => {
                let mut word = letter.to_string();
                while let Some(next) = letters.next_if(|next| !next.is_whitespace() && !"(),'".contains(*next)) {
                    word.push(next);
                }
                found.push(word);
            }
        }
    }
    Ok(found)
}

struct Words(Peekable<IntoIter<String>>);

impl Words {
    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.all()?];
        while self.0.next_if(|word| word.eq_ignore_ascii_case("or")).is_some() {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.0.next_if(|word| word.eq_ignore_ascii_case("and")).is_some() {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self) -> Result<Filter, String> {
        let word = self.0.next().ok_or("the filter ends too early")?;
        if word == "(" {
            let inside = self.any()?;
            self.close()?;
            return Ok(inside);
        }
        if word.eq_ignore_ascii_case("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.0.next_if(|next| next == "(").is_some() {
            let mut arguments = Vec::new();
            while let Some(argument) = self.0.next_if(|next| next != ")") {
                if argument != "," {
                    arguments.push(argument.trim_start_matches('\'').to_owned());
                }
            }
            self.close()?;
            return Ok(Filter::Call(word, arguments));
        }
        let operator = self.0.next().unwrap_or_default().to_ascii_lowercase();
        if !OPERATORS.contains(&operator.as_str()) {
            return Err(format!("'{word}' needs one of {}", OPERATORS.join(", ")));
        }
        let value = self.0.next().ok_or("the filter ends too early")?;
        Ok(Filter::Term(word, operator, value.strip_prefix('\'').unwrap_or(&value).to_owned()))
    }

    fn close(&mut self) -> Result<(), String> {
        self.0.next_if(|next| next == ")").map(drop).ok_or_else(|| "')' is missing".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn passes(text: &str, fields: &[(&str, &str)]) -> bool {
        let value = |field: &str| fields.iter().find(|(name, _)| *name == field).map(|(_, value)| *value);
        let holds = |field: &str, operator: &str, wanted: &str| match operator {
            "ne" => value(field) != Some(wanted),
            _ => value(field) == Some(wanted),
        };
        Filter::read(text).unwrap().passes(&holds, &|name, _| name == "atScope")
    }

    #[test]
    fn a_filter_is_joined_as_it_reads() {
        let fields = [("type", "vault"), ("name", "it's")];
        for (text, expected) in [
            ("", true),
            ("type eq 'vault' and name eq 'it''s'", true),
            ("type eq 'cluster' or name eq 'it''s'", true),
            ("(type eq 'cluster' or type eq 'vault') and name eq 'x'", false),
            ("not type eq 'vault'", false),
            ("type ne 'cluster' and atScope()", true),
            ("elsewhere()", false),
        ] {
            assert_eq!(passes(text, &fields), expected, "{text}");
        }
        assert_eq!(Filter::read("assignedTo('id')"), Ok(Filter::Call("assignedTo".into(), vec!["id".into()])));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for text in ["type", "type is 'x'", "(type eq 'x'", "type eq 'x", "type eq 'x' 'y'"] {
            assert!(Filter::read(text).is_err(), "{text}");
        }
    }
}
