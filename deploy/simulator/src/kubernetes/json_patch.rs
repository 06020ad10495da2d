//! JSON patch (RFC 6902): a list of operations, carried out in order or not at all.

use serde_json::Value;

use super::refusal::Refusal;

/// Applies the operations of `patch` to `target`, which a refusal leaves half changed: pass a copy.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), Refusal> {
    let operations = patch.as_array().ok_or_else(|| Refusal::bad_request("a JSON patch is a list of operations"))?;
    for operation in operations {
        let word = operation["op"].as_str().unwrap_or("");
        let path = operation["path"].as_str().unwrap_or("");
        match word {
            "test" => {
                if target.pointer(path) != Some(&operation["value"]) {
                    return Err(refuse(word, path, "the value is another one"));
                }
            }
            "remove" => drop(remove(target, path)?),
            "add" => add(target, path, operation["value"].clone())?,
            "replace" => {
                let place = target.pointer_mut(path).ok_or_else(|| refuse(word, path, "there is nothing"))?;
                *place = operation["value"].clone();
            }
            "move" => {
                let moved = remove(target, operation["from"].as_str().unwrap_or(""))?;
                add(target, path, moved)?;
            }
            "copy" => {
                let from = operation["from"].as_str().unwrap_or("");
                let copied = target.pointer(from).cloned().ok_or_else(|| refuse(word, from, "there is nothing"))?;
                add(target, path, copied)?;
            }
            _ => return Err(refuse(word, path, "there is no such operation")),
        }
    }
    Ok(())
}

fn refuse(operation: &str, path: &str, why: &str) -> Refusal {
    Refusal::bad_request(format!("the operation \"{operation}\" of a JSON patch failed at \"{path}\": {why}"))
}

/// The parent of a path, and the last part with its escapes undone.
fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn remove(target: &mut Value, path: &str) -> Result<Value, Refusal> {
    let missing = || refuse("remove", path, "there is nothing");
    let (parent, last) = split(path).ok_or_else(missing)?;
    match target.pointer_mut(parent).ok_or_else(missing)? {
        Value::Object(map) => map.remove(&last).ok_or_else(missing),
        Value::Array(list) => match last.parse::<usize>() {
            Ok(at) if at < list.len() => Ok(list.remove(at)),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), Refusal> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let missing = || refuse("add", path, "there is no such place");
    let (parent, last) = split(path).ok_or_else(missing)?;
    match target.pointer_mut(parent).ok_or_else(missing)? {
        Value::Object(map) => {
            map.insert(last, value);
            Ok(())
        }
        Value::Array(list) if last == "-" => {
            list.push(value);
            Ok(())
        }
        Value::Array(list) => match last.parse::<usize>() {
            Ok(at) if at <= list.len() => {
                list.insert(at, value);
                Ok(())
            }
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_are_carried_out_in_order_and_a_wrong_one_is_named() {
        let mut target = json!({"metadata": {"labels": {"a/b": "1"}}, "list": [1, 2]});
        let patch = json!([
            {"op": "test", "path": "/list/0", "value": 1},
            {"op": "replace", "path": "/metadata/labels/a~1b", "value": "2"},
            {"op": "add", "path": "/list/1", "value": 9},
            {"op": "add", "path": "/list/-", "value": 3},
            {"op": "remove", "path": "/list/0"},
        ]);
        assert_eq!(apply(&mut target, &patch), Ok(()));
        assert_eq!(target, json!({"metadata": {"labels": {"a/b": "2"}}, "list": [9, 2, 3]}));
        let wrong = apply(&mut target, &json!([{"op": "remove", "path": "/none"}]));
        assert!(wrong.is_err_and(|refusal| refusal.message.contains("\"/none\"")));
    }
}
