//! Puts an assignment's values into a rule: `[parameters('name')]` becomes the value.
use serde_json::{Map, Value};

/// The text with every parameter replaced; `value` answers by name. Any other expression is not understood.
pub(super) fn fill(rule: &Value, value: &impl Fn(&str) -> Option<Value>) -> Result<Value, String> {
    Ok(match rule {
        Value::String(text) => match text.strip_prefix('[') {
            // Two brackets stand for one that is only text.
            Some(rest) if rest.starts_with('[') => Value::from(rest),
            Some(_) => {
                let name = parameter(text).ok_or_else(|| format!("the expression '{text}' is not understood"))?;
                value(name).ok_or_else(|| format!("the parameter '{name}' has no value"))?
            }
            None => rule.clone(),
        },
        Value::Array(members) => {
            Value::Array(members.iter().map(|member| fill(member, value)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let filled = members.iter().map(|(name, member)| Ok((name.clone(), fill(member, value)?)));
            Value::Object(filled.collect::<Result<Map<_, _>, String>>()?)
        }
        other => other.clone(),
    })
}

/// The name in `[parameters('name')]`.
fn parameter(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    let call = inside.get(.."parameters".len()).filter(|begin| begin.eq_ignore_ascii_case("parameters"))?;
    let name = inside[call.len()..].trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    name.strip_prefix('\'')?.strip_suffix('\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_parameter_becomes_its_value_and_nothing_else_is_guessed() {
        let places = |name: &str| (name == "places").then(|| json!(["westeurope"]));
        let filled = fill(&json!({"notIn": "[parameters('places')]", "text": "[[brackets]"}), &places);
        assert_eq!(filled, Ok(json!({"notIn": ["westeurope"], "text": "[brackets]"})));
        assert!(fill(&json!("[parameters('others')]"), &places).is_err());
        assert!(fill(&json!("[concat('a', 'b')]"), &places).is_err());
    }
}
