//! Takes the text of a query apart into names, constants and signs, each with its place.

use jiff::SignedDuration;

use super::refusal::Refusal;

/// One piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(String),
    Text(String),
    Whole(i64),
    Real(f64),
    Span(SignedDuration),
    /// What stands in `datetime(…)`.
    Moment(String),
    Sign(&'static str),
}

/// A piece and where it stands, both counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) word: Word,
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Longest first, so that `==` is not read as two.
const SIGNS: [&str; 26] = [
    "==", "!=", "=~", "!~", "<=", ">=", "..", "=", "<", ">", "|", "(", ")", ",", "*", "+", "-", "/", "%", "[", "]",
    ".", ":", "!", ";", "~",
];

/// Every piece of a query; comments are left out.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, Refusal> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let read = &query[..query.len() - rest.len()];
        let line = read.matches('\n').count() + 1;
        let column = read.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let wrong = || Refusal::syntax(&first.to_string(), line, column);
        let (word, length) = if first == '\'' || first == '"' || rest.starts_with("@\"") || rest.starts_with("@'") {
            text(rest).ok_or_else(wrong)?
        } else if first.is_ascii_digit() {
            number(rest).ok_or_else(wrong)?
        } else if let Some(inside) = rest.strip_prefix("datetime(") {
            let end = inside.find(')').ok_or_else(wrong)?;
            let text = inside[..end].trim().trim_matches(['"', '\'']);
            (Word::Moment(text.to_owned()), "datetime(".len() + end + 1)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            (Word::Name(rest[..end].to_owned()), end)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(wrong)?;
            (Word::Sign(sign), sign.len())
        };
        found.push(Token { word, text: rest[..length].to_owned(), line, column });
        rest = &rest[length..];
    }
    Ok(found)
}

/// A string in single or double quotes; after `@` a backslash is a letter like any other.
fn text(rest: &str) -> Option<(Word, usize)> {
    let verbatim = rest.starts_with('@');
    let start = usize::from(verbatim);
    let quote = rest[start..].chars().next()?;
    let mut found = String::new();
    let mut escaped = false;
    for (at, c) in rest[start + 1..].char_indices() {
        if escaped {
            found.push(match c {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
            escaped = false;
        } else if c == '\\' && !verbatim {
            escaped = true;
        } else if c == quote {
            return Some((Word::Text(found), start + 1 + at + 1));
        } else {
            found.push(c);
        }
    }
    None
}

/// `5`, `1.5`, or a timespan: `15m`, `1.5h`, `100ms`, `7d`.
fn number(rest: &str) -> Option<(Word, usize)> {
    let whole_end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let fraction = rest[whole_end..].strip_prefix('.').map_or(0, |after| {
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        if digits > 0 { digits + 1 } else { 0 }
    });
    let end = whole_end + fraction;
    let digits = &rest[..end];
    let unit_end = rest[end..].find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len() - end);
    let unit = &rest[end..end + unit_end];
    if unit.is_empty() {
        let word = if fraction == 0 { Word::Whole(digits.parse().ok()?) } else { Word::Real(digits.parse().ok()?) };
        return Some((word, end));
    }
    let seconds = match unit {
        "d" | "day" | "days" => 86_400.0,
        "h" | "hour" | "hours" | "hr" | "hrs" => 3600.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 0.001,
        _ => return None,
    };
    let seconds = digits.parse::<f64>().ok()? * seconds;
    Some((Word::Span(SignedDuration::try_from_secs_f64(seconds).ok()?), end + unit_end))
}
