//! Goes through the pieces of a statement that are still to be read.

use super::refusal::Refusal;
use super::token::Token;

/// The pieces that are still to be read.
pub(super) struct Rest<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
}

impl Rest<'_> {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// The next piece; counts on past the end, so that `at - 1` is always what was taken.
    pub(super) fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    pub(super) fn word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        let word = word.clone();
        self.at += 1;
        Some(word)
    }

    pub(super) fn name(&mut self) -> Option<String> {
        let (Token::Word(name) | Token::Quoted(name)) = self.peek()? else { return None };
        let name = name.clone();
        self.at += 1;
        Some(name)
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn sign(&mut self, sign: &'static str) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    /// Single characters in a row, such as `<>`.
    pub(super) fn signs(&mut self, signs: &str) -> bool {
        let wanted: Vec<char> = signs.chars().collect();
        let one = |token: &Token, wanted: char| match token {
            Token::Other(found) => *found == wanted,
            Token::Sign(sign) => sign.chars().eq([wanted]),
            _ => false,
        };
        let there = self.tokens.get(self.at..self.at + wanted.len());
        let found = there.is_some_and(|there| there.iter().zip(&wanted).all(|(token, wanted)| one(token, *wanted)));
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    /// Names with commas between.
    pub(super) fn names(&mut self) -> Result<Vec<String>, Refusal> {
        let mut names = vec![self.name().ok_or_else(|| self.wrong())?];
        while self.sign(",") {
            names.push(self.name().ok_or_else(|| self.wrong())?);
        }
        Ok(names)
    }

    pub(super) fn close(&mut self) -> Result<(), Refusal> {
        if self.sign(")") { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn wrong(&self) -> Refusal {
        let near = match self.peek() {
            None => return Refusal::syntax("syntax error at end of input"),
            Some(Token::Word(text) | Token::Quoted(text) | Token::Text(text) | Token::Number(text)) => text.clone(),
            Some(Token::Parameter) => "$".to_owned(),
            Some(Token::Sign(sign)) => (*sign).to_owned(),
            Some(Token::Other(other)) => other.to_string(),
        };
        Refusal::syntax(&format!("syntax error at or near \"{near}\""))
    }
}
