//! A policy as text: read with a sentence for each line that is wrong, and written for the configuration's own.

use domain::field::FieldError;
use domain::form::Choices;
use domain::policy::Policy;

/// Characters of the longest text; one that people can still read.
const LONGEST: usize = 20_000;

/// The document, or what would make one of it, each with its line.
pub(super) fn read(text: &str, choices: &Choices) -> Result<Policy, Vec<FieldError>> {
    let wrong = |line: Option<usize>, sentence: &str| {
        let place = line.map(|line| format!("Line {line}: ")).unwrap_or_default();
        FieldError::new("text", format!("{place}{sentence}"))
    };
    if text.chars().count() > LONGEST {
        return Err(vec![wrong(None, &format!("A policy has at most {LONGEST} characters."))]);
    }
    let policy: Policy = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_at(text, span.start));
        vec![wrong(line, &sentence(error.message()))]
    })?;
    let complaints = policy.wrong(choices);
    if complaints.is_empty() {
        return Ok(policy);
    }
    let near = |words: &str| text.lines().position(|line| line.contains(words)).map(|place| place + 1);
    Err(complaints.iter().map(|complaint| wrong(near(&complaint.near), &complaint.sentence)).collect())
}

/// What is wrong, as a sentence of its own.
fn sentence(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut letters = message.lines().next().unwrap_or("this is no TOML").chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// As the page shows what stands in the configuration.
pub(super) fn written(policy: &Policy) -> String {
    toml::to_string(policy).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn told(text: &str) -> Vec<String> {
        let errors = read(text, &Choices::default()).unwrap_err();
        errors.into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn each_wrong_line_gets_its_sentence() {
        let told_of = [
            ("title = \"P\"\n[deny]\nregion = [\"westeurope\"]\n", "Line 3: Unknown field `region`"),
            ("title = \"P\"\n[deny]\nnodes = { max = \"five\" }\n", "Line 3: Invalid type"),
            ("title = \"P\n", "Line 1: "),
            ("title = \"P\"\n\n[deny]\nregions = [\"moon\"]\n", "Line 4: There is no region moon"),
            ("[deny]\ninsights = true\n", "A title has 1 to 60 characters"),
        ];
        for (text, expected) in told_of {
            let said = told(text);
            assert!(said.len() == 1 && said[0].starts_with(expected), "{said:?}");
        }
        assert!(told(&"#".repeat(20_001))[0].starts_with("A policy has at most"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = "title = \"P\"\nkinds = [\"create\"]\n[deny]\ninsights = true\nnodes = { max = 5 }\n[warn]\nlifetime_days = { max = 90 }\n";
        let policy = read(text, &Choices::default()).unwrap();
        assert_eq!(read(&written(&policy), &Choices::default()).unwrap(), policy);
    }
}
