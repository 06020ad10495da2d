//! A form as a file: YAML, or JSON, with the answers under the names that they have everywhere.

use crate::exit::{Failure, local};
use domain::form::Form;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Reads it; `-` is the standard input.
pub(crate) fn read(path: &Path) -> Result<Form, Failure> {
    let (text, what) = text(path)?;
    parse(&text, &what)
}

/// What a file or the standard input (`-`) holds, and what to call it.
pub(crate) fn text(path: &Path) -> Result<(String, String), Failure> {
    let what = local(&format!("reading {}", path.display()));
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(what)?;
        return Ok((text, "the standard input".to_owned()));
    }
    Ok((std::fs::read_to_string(path).map_err(what)?, path.display().to_string()))
}

/// Only what is answered, so that what is not keeps what stands.
pub(crate) fn answers(form: &Form) -> Map<String, Value> {
    let all = match serde_json::to_value(form) {
        Ok(Value::Object(all)) => all,
        _ => Map::new(),
    };
    all.into_iter().filter(|(_, answer)| answer.as_str() != Some("")).collect()
}

fn parse(text: &str, what: &str) -> Result<Form, Failure> {
    let unread = |error| Failure::usage(format!("{what} does not read: {error}"));
    // Texts as they stand there: `kubernetes: 1.30` is not 1.3.
    let form: Form = serde_saphyr::from_str(text).map_err(unread)?;
    let given: BTreeMap<String, IgnoredAny> = serde_saphyr::from_str(text).map_err(unread)?;
    let known = match serde_json::to_value(Form::default()) {
        Ok(Value::Object(known)) => known,
        _ => Map::new(),
    };
    match given.keys().find(|name| !known.contains_key(*name)) {
        Some(unknown) => {
            let known: Vec<&str> = known.keys().map(String::as_str).collect();
            let said = format!("{what}: there is no answer {unknown}. There are: {}.", known.join(", "));
            Err(Failure::usage(said))
        }
        None => Ok(form),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn answers_are_taken_as_they_are_written() {
        let form = parse("name: ledger\nnodes: 3\nkubernetes: 1.30\npurge_protection: yes\n", "a file").unwrap();
        assert_eq!((form.name.as_str(), form.nodes.as_str()), ("ledger", "3"));
        assert_eq!((form.kubernetes.as_str(), form.purge_protection.as_str()), ("1.30", "yes"));
        assert_eq!(answers(&form).len(), 4);
        assert_eq!(parse(r#"{"name": "ledger", "nodes": "3"}"#, "a file").unwrap().nodes, "3");
    }

    #[test]
    fn a_misspelt_answer_and_a_broken_file_are_told() {
        let told = parse("name: ledger\nnode: 3\n", "env.yaml").unwrap_err().to_string();
        assert!(told.starts_with("env.yaml: there is no answer node. There are: ") && told.contains("nodes"), "{told}");
        assert!(parse("name: [", "env.yaml").unwrap_err().to_string().starts_with("env.yaml does not read: "));
    }
}
