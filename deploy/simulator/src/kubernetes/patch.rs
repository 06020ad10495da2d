//! Two ways to change part of an object: merge patch and server-side apply.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::strategic::{list_key, strategic};

/// RFC 7386: objects are merged, null removes, anything else replaces.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    let into = as_object(target);
    for (key, value) in patch {
        if value.is_null() {
            into.remove(key);
        } else {
            merge(into.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Server-side apply: `wanted` merged into `current`; what the same manager applied `before` and no
/// longer wants is removed.
pub fn apply(current: &Value, before: Option<&Value>, wanted: &Value) -> Value {
    let mut merged = current.clone();
    if let Some(before) = before {
        prune(&mut merged, before, wanted);
    }
    strategic(&mut merged, wanted);
    merged
}

fn prune(target: &mut Value, before: &Value, wanted: &Value) {
    let (Some(target), Some(before)) = (target.as_object_mut(), before.as_object()) else {
        return;
    };
    for (key, old) in before {
        let Some(here) = target.get_mut(key) else {
            continue;
        };
        let new = wanted.get(key).unwrap_or(&Value::Null);
        match old {
            Value::Object(_) => {
                prune(here, old, new);
                if new.is_null() && here.as_object().is_some_and(Map::is_empty) {
                    target.remove(key);
                }
            }
            Value::Array(elements) => match list_key(key, elements) {
                Some(by) => prune_list(here, by, elements, new),
                None if new.is_null() => {
                    target.remove(key);
                }
                None => {}
            },
            _ if new.is_null() => {
                target.remove(key);
            }
            _ => {}
        }
    }
}

fn prune_list(place: &mut Value, by: &str, before: &[Value], wanted: &Value) {
    let Some(here) = place.as_array_mut() else {
        return;
    };
    let wanted = wanted.as_array().map_or(&[][..], Vec::as_slice);
    let same = |a: &Value, b: &Value| a.get(by) == b.get(by);
    here.retain(|element| {
        let was_ours = before.iter().any(|old| same(old, element));
        !was_ours || wanted.iter().any(|new| same(new, element))
    });
    for element in here {
        let old = before.iter().find(|old| same(old, element)).cloned();
        let new = wanted.iter().find(|new| same(new, element));
        if let (Some(old), Some(new)) = (old, new) {
            prune(element, &old, new);
        }
    }
}

/// The paths and values that an applied document sets, as conflict messages write them
/// (`.spec.template.spec.containers[name="web"].image`).
pub fn leaves(document: &Value) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    collect(document, "", String::new(), &mut out);
    out.retain(|(path, _)| path != ".apiVersion" && path != ".kind" && !path.starts_with(".metadata.name"));
    out
}

fn collect(value: &Value, field: &str, path: String, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(pairs) => {
            for (key, inner) in pairs {
                collect(inner, key, format!("{path}.{key}"), out);
            }
        }
        Value::Array(elements) => match list_key(field, elements) {
            Some(by) => {
                for element in elements {
                    collect(element, "", format!("{path}[{by}={}]", element[by]), out);
                }
            }
            None => out.push((path, value.clone())),
        },
        _ => out.push((path, value.clone())),
    }
}

/// What is left to a manager of the document that it applied when another one has taken these paths by force.
pub fn without(document: &Value, lost: &BTreeSet<&str>) -> Value {
    let mut left = document.clone();
    give_up(&mut left, "", "", lost);
    left
}

/// Whether the value itself is lost.
fn give_up(value: &mut Value, field: &str, path: &str, lost: &BTreeSet<&str>) -> bool {
    let by = value.as_array().map(|elements| list_key(field, elements));
    match (value, by.flatten()) {
        (Value::Object(pairs), _) => {
            pairs.retain(|key, inner| !give_up(inner, key, &format!("{path}.{key}"), lost));
            false
        }
        (Value::Array(elements), Some(by)) => {
            for element in elements {
                let place = format!("{path}[{by}={}]", element[by]);
                give_up(element, "", &place, lost);
            }
            false
        }
        _ => lost.contains(path),
    }
}

pub(super) fn as_object(target: &mut Value) -> &mut Map<String, Value> {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    match target {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Value {
        json!({"metadata": {"labels": {"app": "web"}},
               "spec": {"replicas": 2, "template": {"spec": {"containers": [
                   {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]},
                   {"name": "side", "image": "side:1"}]}}}})
    }

    #[test]
    fn a_merge_patch_replaces_lists_and_a_strategic_one_merges_them() {
        let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}});
        let mut merged = deployment();
        merge(&mut merged, &patch);
        assert_eq!(merged["spec"]["template"]["spec"]["containers"], json!([{"name": "web", "image": "web:2"}]));
        let mut merged = deployment();
        strategic(&mut merged, &patch);
        let containers = &merged["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers[0]["image"], "web:2");
        assert_eq!(containers[0]["env"][0]["value"], "1");
        assert_eq!(containers[1]["name"], "side");
    }

    #[test]
    fn apply_takes_away_what_its_manager_no_longer_wants_and_nothing_else() {
        let first = json!({"metadata": {"labels": {"azure.workload.identity/use": "true", "app": "web"}},
            "spec": {"template": {"spec": {"containers": [
                {"name": "web", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]}}}});
        let second = json!({"metadata": {"labels": {"app": "web"}},
            "spec": {"template": {"spec": {"containers": [
                {"name": "web", "env": [{"name": "B", "value": "3"}]}]}}}});
        let mut current = apply(&json!({}), None, &first);
        current["spec"]["replicas"] = json!(3); // by another hand
        let after = apply(&current, Some(&first), &second);
        assert_eq!(after["metadata"]["labels"], json!({"app": "web"}));
        assert_eq!(after["spec"]["template"]["spec"]["containers"][0]["env"], json!([{"name": "B", "value": "3"}]));
        assert_eq!(after["spec"]["replicas"], 3);
    }

    #[test]
    fn what_another_has_taken_by_force_is_no_longer_ones_own() {
        let lost = [".spec.replicas", ".spec.template.spec.containers[name=\"web\"].image"];
        let left = without(&deployment(), &lost.into());
        assert_eq!(left["spec"].get("replicas"), None);
        let containers = &left["spec"]["template"]["spec"]["containers"];
        assert_eq!((containers[0].get("image"), &containers[0]["env"][0]["value"]), (None, &json!("1")));
        assert_eq!((&containers[0]["name"], &containers[1]["image"]), (&json!("web"), &json!("side:1")));
    }

    #[test]
    fn leaves_are_named_as_conflicts_name_them() {
        let paths: Vec<String> = leaves(&deployment()).into_iter().map(|(path, _)| path).collect();
        assert!(paths.contains(&".spec.replicas".to_string()));
        assert!(paths.contains(&".spec.template.spec.containers[name=\"web\"].env[name=\"A\"].value".to_string()));
    }
}
