//! Takes the text of SQL apart into words, constants and signs, as PostgreSQL's lexer does.

use super::refusal::Refusal;

/// One piece of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or name, folded to lower case.
    Word(String),
    /// A name in double quotes, as written.
    Quoted(String),
    /// A string constant, with its escapes resolved.
    Text(String),
    /// A number as written.
    Number(String),
    /// `$1`.
    Parameter,
    /// `::`, or any other single character.
    Sign(&'static str),
    /// A character that no statement here uses.
    Other(char),
}

/// Splits SQL into statements, each into its pieces; empty statements are left out.
pub(super) fn statements(sql: &str) -> Result<Vec<Vec<Token>>, Refusal> {
    let pieces = tokens(sql)?;
    let split = pieces.split(|token| *token == Token::Sign(";"));
    Ok(split.filter(|statement| !statement.is_empty()).map(<[Token]>::to_vec).collect())
}

fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let chars: Vec<char> = sql.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match c {
            _ if c.is_whitespace() => at += 1,
            '-' if next == Some('-') => at = position(&chars, at, |c| c == '\n'),
            '/' if next == Some('*') => at = after_comment(&chars, at)?,
            '\'' => {
                let (text, end) = quoted(&chars, at, '\'', false)?;
                found.push(Token::Text(text));
                at = end;
            }
            'e' | 'E' if next == Some('\'') => {
                let (text, end) = quoted(&chars, at + 1, '\'', true)?;
                found.push(Token::Text(text));
                at = end;
            }
            '"' => {
                let (name, end) = quoted(&chars, at, '"', false)?;
                found.push(Token::Quoted(name));
                at = end;
            }
            '$' if next.is_some_and(|c| c.is_ascii_digit()) => {
                found.push(Token::Parameter);
                at = position(&chars, at + 1, |c| !c.is_ascii_digit());
            }
            _ if c.is_ascii_digit() || (c == '.' && next.is_some_and(|c| c.is_ascii_digit())) => {
                let end = position(&chars, at, |c| !(c.is_ascii_digit() || c == '.'));
                found.push(Token::Number(chars[at..end].iter().collect()));
                at = end;
            }
            _ if c.is_alphabetic() || c == '_' => {
                let end = position(&chars, at, |c| !(c.is_alphanumeric() || c == '_' || c == '$'));
                found.push(Token::Word(chars[at..end].iter().collect::<String>().to_lowercase()));
                at = end;
            }
            ':' if next == Some(':') => {
                found.push(Token::Sign("::"));
                at += 2;
            }
            _ => {
                let sign = ["(", ")", ",", ";", "=", "-", "+", "."].into_iter().find(|sign| sign.starts_with(c));
                found.push(sign.map_or(Token::Other(c), Token::Sign));
                at += 1;
            }
        }
    }
    Ok(found)
}

/// The first place from `from` on where `stop` holds, or the end.
fn position(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| stop(*c)).map_or(chars.len(), |found| from + found)
}

/// Comments nest in PostgreSQL.
fn after_comment(chars: &[char], from: usize) -> Result<usize, Refusal> {
    let mut depth = 0;
    let mut at = from;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(Refusal::syntax("unterminated /* comment"))
}

/// The text between two `quote`s, of which a doubled one stands for itself; with `escapes`, backslashes count.
fn quoted(chars: &[char], from: usize, quote: char, escapes: bool) -> Result<(String, usize), Refusal> {
    let mut text = String::new();
    let mut at = from + 1;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, next) {
            (c, Some(next)) if c == quote && next == quote => {
                text.push(quote);
                at += 2;
            }
            (c, _) if c == quote => return Ok((text, at + 1)),
            ('\\', Some(escaped)) if escapes => {
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                });
                at += 2;
            }
            _ => {
                text.push(c);
                at += 1;
            }
        }
    }
    Err(Refusal::syntax(if quote == '"' { "unterminated quoted identifier" } else { "unterminated quoted string" }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_fold_and_strings_stay() {
        let found = statements("SELECT 'It''s'::TEXT; -- done\n;/* a /* b */ */ show \"Odd\"").unwrap();
        let word = |word: &str| Token::Word(word.to_owned());
        assert_eq!(
            found,
            [
                vec![word("select"), Token::Text("It's".to_owned()), Token::Sign("::"), word("text")],
                vec![word("show"), Token::Quoted("Odd".to_owned())],
            ]
        );
    }

    #[test]
    fn an_open_string_is_a_syntax_error() {
        assert_eq!(statements("select 'open").unwrap_err().code, "42601");
    }
}
