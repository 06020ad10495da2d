//! Why somebody says a word to a job: one line of theirs, kept with it for whoever reads the log.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Letters of the longest reason.
pub const LONGEST: usize = 300;

/// Never empty, one line. What was kept is read as it was written, whatever the limits are by then.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Reason(String);

impl Reason {
    /// Where a reason has to be given.
    pub fn parse(text: &str) -> Result<Reason, String> {
        let sentence = "Say why in a few words; whoever reads the log will want to know.";
        Reason::optional(text)?.ok_or_else(|| sentence.to_owned())
    }

    /// Where one may be given.
    pub fn optional(text: &str) -> Result<Option<Reason>, String> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() > LONGEST {
            return Err(format!("A reason has at most {LONGEST} letters."));
        }
        Ok(Some(words).filter(|words| !words.is_empty()).map(Reason))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        let said = Reason::parse("  wrong\r\n region ").map(|reason| reason.to_string());
        assert_eq!(said.as_deref(), Ok("wrong region"));
        assert!(Reason::parse(" \n ").is_err());
        assert_eq!(Reason::optional(" "), Ok(None));
        assert!(Reason::parse(&"x".repeat(LONGEST)).is_ok() && Reason::optional(&"x".repeat(LONGEST + 1)).is_err());
    }
}
