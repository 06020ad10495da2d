//! What roles and bindings must look like, and what of a binding stays what it was.

use serde_json::Value;

use crate::kubernetes::kind::{self, Kind};
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::rules::Causes;

/// Adds what is wrong with a new role or binding, or (`before`) with a changed one.
pub fn check(kind: &Kind, object: &Value, before: Option<&Value>, causes: &mut Causes) {
    check_name(object::name(object), causes);
    if *kind == kind::ROLE || *kind == kind::CLUSTER_ROLE {
        for (at, rule) in list(object, "/rules").iter().enumerate() {
            check_rule(kind, rule, &format!("rules[{at}]"), causes);
        }
    } else {
        check_binding(kind, object, before, causes);
    }
}

/// A name that is one segment of a path; unlike others it may hold colons and capitals.
fn check_name(name: &str, causes: &mut Causes) {
    let wrong = |why: &str| ("metadata.name".to_owned(), format!("Invalid value: \"{name}\": {why}"));
    if name.is_empty() {
        causes.push(("metadata.name".into(), "Required value: name or generateName is required".into()));
    } else if matches!(name, "." | "..") {
        causes.push(wrong(&format!("may not be '{name}'")));
    } else if let Some(sign) = name.chars().find(|sign| matches!(sign, '/' | '%')) {
        causes.push(wrong(&format!("may not contain '{sign}'")));
    }
}

fn check_rule(kind: &Kind, rule: &Value, path: &str, causes: &mut Causes) {
    let mut required =
        |field: &str, why: &str| causes.push((format!("{path}.{field}"), format!("Required value: {why}")));
    if list(rule, "/verbs").is_empty() {
        required("verbs", "verbs must contain at least one value");
    }
    let paths = list(rule, "/nonResourceURLs");
    if !paths.is_empty() {
        if kind.namespaced {
            let value = Value::from(paths.to_vec());
            causes.push((
                format!("{path}.nonResourceURLs"),
                format!("Invalid value: {value}: namespaced rules cannot apply to non-resource URLs"),
            ));
        }
        return;
    }
    if list(rule, "/apiGroups").is_empty() {
        required("apiGroups", "resource rules must supply at least one api group");
    }
    if list(rule, "/resources").is_empty() {
        required("resources", "resource rules must supply at least one resource");
    }
}

fn check_binding(kind: &Kind, object: &Value, before: Option<&Value>, causes: &mut Causes) {
    let reference = &object["roleRef"];
    let known: &[&str] = if kind.namespaced { &["ClusterRole", "Role"] } else { &["ClusterRole"] };
    let named = |all: &[&str]| all.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(", ");
    let mut unsupported = |field: &str, value: &str, known: &[&str]| {
        causes.push((field.into(), format!("Unsupported value: \"{value}\": supported values: {}", named(known))));
    };
    if text(reference, "/apiGroup") != kind.group {
        unsupported("roleRef.apiGroup", text(reference, "/apiGroup"), &[kind.group]);
    }
    if !known.contains(&text(reference, "/kind")) {
        unsupported("roleRef.kind", text(reference, "/kind"), known);
    }
    for (at, subject) in list(object, "/subjects").iter().enumerate() {
        let (of, group) = (text(subject, "/kind"), text(subject, "/apiGroup"));
        let wanted = if of == "ServiceAccount" { "" } else { kind.group };
        if !matches!(of, "ServiceAccount" | "User" | "Group") {
            unsupported(&format!("subjects[{at}].kind"), of, &["ServiceAccount", "User", "Group"]);
        } else if group != wanted {
            unsupported(&format!("subjects[{at}].apiGroup"), group, &[wanted]);
        }
    }
    if text(reference, "/name").is_empty() {
        causes.push(("roleRef.name".into(), "Required value".into()));
    }
    for (at, subject) in list(object, "/subjects").iter().enumerate() {
        if text(subject, "/name").is_empty() {
            causes.push((format!("subjects[{at}].name"), "Required value".into()));
        }
        if text(subject, "/kind") == "ServiceAccount" && text(subject, "/namespace").is_empty() {
            causes.push((format!("subjects[{at}].namespace"), "Required value".into()));
        }
    }
    if before.is_some_and(|before| before["roleRef"] != *reference) {
        causes.push(("roleRef".into(), format!("Invalid value: {reference}: cannot change roleRef")));
    }
}
