//! Nobody gives away what they do not have: a role or binding is written only by who holds all that it grants, or may
//! `escalate` or `bind`.

use serde_json::Value;

use super::{Subject, Wish, covers, granted, role_of};
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind::{self, Kind};
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::refusal::Refusal;

/// The verb that lets somebody write a role or binding without holding what it grants, and on which role.
pub fn instead<'a>(kind: &'static Kind, object: &'a Value) -> (&'static str, &'static Kind, &'a str) {
    if *kind == kind::ROLE || *kind == kind::CLUSTER_ROLE {
        return ("escalate", kind, object::name(object));
    }
    let of = if text(object, "/roleRef/kind") == "Role" { &kind::ROLE } else { &kind::CLUSTER_ROLE };
    ("bind", of, text(object, "/roleRef/name"))
}

/// Refuses a role or binding that grants more than its author has.
pub async fn check(
    cluster: &Cluster,
    subject: Subject<'_>,
    kind: &'static Kind,
    object: &Value,
) -> Result<(), Refusal> {
    let name = object::name(object);
    let given = if *kind == kind::ROLE || *kind == kind::CLUSTER_ROLE {
        list(object, "/rules").to_vec()
    } else if let Some(role) = role_of(cluster, object).await {
        list(&role, "/rules").to_vec()
    } else {
        let (_, of, wanted) = instead(kind, object);
        return Err(Refusal::not_found(of, wanted));
    };
    let held = granted(cluster, subject, object::namespace(object)).await;
    let held: Vec<Value> = held.iter().flat_map(|it| it.rules().to_vec()).collect();
    let missing: Vec<String> = given.iter().filter(|rule| !holds(&held, rule)).map(told).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> = subject.groups.iter().map(|group| format!("\"{group}\"")).collect();
    let message = format!(
        "{} \"{name}\" is forbidden: user \"{}\" (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        kind.qualified(),
        subject.name,
        groups.join(" "),
        missing.join("\n")
    );
    Err(Refusal::forbidden(kind, name, message))
}

/// Whether these rules together hold all of another: each verb on each resource, of each name.
fn holds(rules: &[Value], other: &Value) -> bool {
    let texts =
        |field: &str| list(other, field).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    let names = match texts("/resourceNames") {
        names if names.is_empty() => vec![String::new()],
        names => names,
    };
    let paths = texts("/nonResourceURLs");
    texts("/verbs").iter().all(|verb| {
        let path = |path: &String| {
            rules.iter().any(|rule| {
                let has = |field: &str, wanted: &str| list(rule, field).iter().any(|it| it == "*" || it == wanted);
                has("/verbs", verb) && has("/nonResourceURLs", path)
            })
        };
        let resource = |group: &String, resource: &String, name: &String| {
            let wish = Wish { verb, group, resource, namespace: "", name };
            rules.iter().any(|rule| covers(rule, &wish))
        };
        let resources = texts("/resources");
        paths.iter().all(path)
            && texts("/apiGroups")
                .iter()
                .all(|group| resources.iter().all(|it| names.iter().all(|name| resource(group, it, name))))
    })
}

/// A rule as Go prints it.
fn told(rule: &Value) -> String {
    let fields = [
        ("APIGroups", "/apiGroups"),
        ("NonResourceURLs", "/nonResourceURLs"),
        ("ResourceNames", "/resourceNames"),
        ("Resources", "/resources"),
        ("Verbs", "/verbs"),
    ];
    let shown = fields.iter().filter(|(_, field)| !list(rule, field).is_empty());
    let shown: Vec<String> = shown
        .map(|(name, field)| {
            let values: Vec<String> = list(rule, field).iter().map(Value::to_string).collect();
            format!("{name}:[{}]", values.join(", "))
        })
        .collect();
    format!("{{{}}}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_is_held_where_every_part_of_it_is() {
        let held = [
            json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "services"]}),
            json!({"verbs": ["*"], "apiGroups": ["apps"], "resources": ["deployments"]}),
        ];
        for (rule, yes) in [
            (json!({"verbs": ["list"], "apiGroups": [""], "resources": ["pods", "services"]}), true),
            (json!({"verbs": ["list", "delete"], "apiGroups": [""], "resources": ["pods"]}), false),
            (
                json!({"verbs": ["delete"], "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"]}),
                true,
            ),
            (json!({"verbs": ["*"], "apiGroups": [""], "resources": ["pods"]}), false),
            (json!({"verbs": ["*"], "apiGroups": ["apps"], "resources": ["deployments"]}), true),
            (json!({"verbs": ["get"], "nonResourceURLs": ["/metrics"]}), false),
        ] {
            assert_eq!(holds(&held, &rule), yes, "{rule}");
        }
        assert_eq!(told(&held[0]), "{APIGroups:[\"\"], Resources:[\"pods\", \"services\"], Verbs:[\"get\", \"list\"]}");
    }
}
