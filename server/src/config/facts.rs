//! Puts facts into the texts of a configuration: `${sign_in.client_id}` becomes what the facts hold there.

use serde_json::Value;

/// Replaces every quoted fact in every text; the error names the first that there is not.
pub(super) fn put_in(value: &mut Value, facts: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => {
            if let Some(filled) = fill(text, facts)? {
                *text = filled;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| put_in(item, facts)),
        Value::Object(fields) => fields.values_mut().try_for_each(|field| put_in(field, facts)),
        _ => Ok(()),
    }
}

fn fill(text: &str, facts: &Value) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (path, after) = after.split_once('}').ok_or_else(|| format!("`{text}` does not close its `${{`"))?;
        filled.push_str(before);
        filled.push_str(
            &fact(path, facts).ok_or_else(|| format!("there is no fact `{path}`, which is quoted in `{text}`"))?,
        );
        rest = after;
    }
    filled.push_str(rest);
    Ok(Some(filled))
}

/// A dotted path; a number is a place in a list.
fn fact(path: &str, facts: &Value) -> Option<String> {
    let found = path.split('.').try_fold(facts, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_replace_their_quotation_wherever_a_text_stands() {
        let mut value = json!({"a": ["x ${b.c} y ${l.1}"], "n": 3});
        put_in(&mut value, &json!({"b": {"c": "here"}, "l": ["no", "too"]})).expect("facts");
        assert_eq!(value, json!({"a": ["x here y too"], "n": 3}));
    }

    #[test]
    fn a_fact_that_is_not_there_is_named() {
        let said = put_in(&mut json!("${sign_in.issuer}"), &json!({})).expect_err("no such fact");
        assert_eq!(said, "there is no fact `sign_in.issuer`, which is quoted in `${sign_in.issuer}`");
    }
}
