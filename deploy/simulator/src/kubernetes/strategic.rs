//! Kubernetes' strategic merge patch: lists are merged by the key that its types declare, with directives of its own.

use serde_json::{Map, Value};

use super::patch::as_object;

/// Like a merge patch, but lists with a key are merged element by element. `$patch: delete` or `replace` removes or
/// replaces an object, `$retainKeys` drops its other fields, `$deleteFromPrimitiveList/x` takes values out of the list x,
/// `$setElementOrder/x` says how it is ordered.
pub fn strategic(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").is_some_and(|verb| verb == "replace") {
        let mut whole = patch.clone();
        whole.remove("$patch");
        *target = Value::Object(whole);
        return;
    }
    let into = as_object(target);
    if let Some(Value::Array(retained)) = patch.get("$retainKeys") {
        into.retain(|key, _| retained.iter().any(|it| it == key));
    }
    for (directive, values) in patch {
        if let Some(field) = directive.strip_prefix("$deleteFromPrimitiveList/")
            && let (Some(Value::Array(all)), Value::Array(gone)) = (into.get_mut(field), values)
        {
            all.retain(|value| !gone.contains(value));
        }
    }
    for (key, value) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        match value {
            Value::Null => {
                into.remove(key);
            }
            Value::Array(elements) => {
                let order = patch.get(&format!("$setElementOrder/{key}")).and_then(Value::as_array);
                let place = into.entry(key.clone()).or_insert(Value::Null);
                merge_list(place, key, elements, order.unwrap_or(elements));
            }
            _ if value.get("$patch").is_some_and(|verb| verb == "delete") => {
                into.remove(key);
            }
            _ => strategic(into.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
    order_only(into, patch);
}

/// A list of which only the order is said.
fn order_only(into: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (directive, order) in patch {
        if let Some(field) = directive.strip_prefix("$setElementOrder/")
            && !patch.contains_key(field)
            && let (Some(Value::Array(all)), Value::Array(order)) = (into.get_mut(field), order)
            && let Some(key) = list_key(field, order).or_else(|| list_key(field, all))
        {
            let before = all.clone();
            *all = ordered(std::mem::take(all), &before, order, key);
        }
    }
}

fn merge_list(place: &mut Value, field: &str, elements: &[Value], order: &[Value]) {
    if field == "finalizers" {
        let mut all = place.as_array().cloned().unwrap_or_default();
        for element in elements {
            if !all.contains(element) {
                all.push(element.clone());
            }
        }
        *place = Value::Array(all);
        return;
    }
    let Some(key) = list_key(field, elements) else {
        *place = Value::Array(elements.to_vec());
        return;
    };
    let before = place.as_array().cloned().unwrap_or_default();
    let mut all = before.clone();
    for element in elements {
        if element.get("$patch").is_some_and(|verb| verb == "replace") {
            all.clear();
            continue;
        }
        let found = all.iter().position(|it| it.get(key) == element.get(key));
        if element.get("$patch").is_some_and(|verb| verb == "delete") {
            if let Some(at) = found {
                all.remove(at);
            }
        } else if let Some(at) = found {
            strategic(&mut all[at], element);
        } else {
            let mut fresh = Value::Null;
            strategic(&mut fresh, element);
            all.push(fresh);
        }
    }
    *place = Value::Array(ordered(all, &before, order, key));
}

/// What the patch names comes in the patch's order; between it goes the rest, before what it stood before. A new element
/// therefore comes first.
fn ordered(all: Vec<Value>, before: &[Value], order: &[Value], key: &str) -> Vec<Value> {
    let rank = |element: &Value| order.iter().position(|it| it.get(key) == element.get(key));
    let stood = |element: &Value| before.iter().position(|it| it.get(key) == element.get(key));
    let (mut named, rest): (Vec<Value>, Vec<Value>) = all.into_iter().partition(|it| rank(it).is_some());
    named.sort_by_key(|it| rank(it));
    let mut merged = Vec::new();
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    while let (Some(left), Some(right)) = (rest.peek(), named.peek()) {
        let next = if stood(left) < stood(right) { rest.next() } else { named.next() };
        merged.extend(next);
    }
    merged.extend(named);
    merged.extend(rest);
    merged
}

/// The field by which the elements of a list are told apart, as Kubernetes' types declare it.
pub(super) fn list_key(field: &str, elements: &[Value]) -> Option<&'static str> {
    let key = match field {
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" | "secrets" => "name",
        "volumeMounts" => "mountPath",
        "conditions" => "type",
        "ownerReferences" => "uid",
        "hostAliases" => "ip",
        "ports" if elements.iter().any(|it| it.get("containerPort").is_some()) => "containerPort",
        "ports" => "port",
        _ => return None,
    };
    elements.iter().all(|element| element.get(key).is_some() || element.get("$patch").is_some()).then_some(key)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(mut object: Value, patch: &Value) -> Value {
        strategic(&mut object, patch);
        object
    }

    fn environment() -> Value {
        json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    }

    #[test]
    fn lists_are_merged_by_their_key_and_a_new_element_comes_first() {
        let patch = json!({"env": [{"name": "C", "value": "3"}, {"name": "B", "value": "4"}]});
        let merged = patched(environment(), &patch);
        assert_eq!(
            merged["env"],
            json!([{"name": "C", "value": "3"}, {"name": "A", "value": "1"}, {"name": "B", "value": "4"}])
        );
    }

    #[test]
    fn elements_are_deleted_and_ordered_when_told_to() {
        let patch = json!({"env": [{"$patch": "delete", "name": "A"}]});
        assert_eq!(patched(environment(), &patch)["env"], json!([{"name": "B", "value": "2"}]));
        let patch = json!({"$setElementOrder/env": [{"name": "B"}, {"name": "A"}]});
        let merged = patched(environment(), &patch);
        assert_eq!(merged["env"][0]["name"], "B");
        assert!(merged.get("$setElementOrder/env").is_none());
    }

    #[test]
    fn values_and_fields_are_taken_out_when_told_to() {
        let patch = json!({"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]});
        assert_eq!(patched(json!({"finalizers": ["a", "b"]}), &patch), json!({"finalizers": ["b", "c"]}));
        let patch = json!({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}});
        let before = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}});
        assert_eq!(patched(before, &patch), json!({"strategy": {"type": "Recreate"}}));
    }
}
