//! What an object must look like to be accepted: names, required fields, what may not change.

use serde_json::Value;

use super::kind::{self, Kind};
use super::object::{self, list, text};
use super::rbac;
use super::refusal::Refusal;

/// What is wrong: the field, and why.
pub type Causes = Vec<(String, String)>;

/// Checks a new object, or (`before`) a changed one.
pub fn check(kind: &Kind, object: &Value, before: Option<&Value>) -> Result<(), Refusal> {
    let mut causes = Causes::new();
    let name = object::name(object);
    if kind.is_about_rights() {
        rbac::check_form(kind, object, before, &mut causes);
    } else {
        check_name(kind, name, &mut causes);
    }
    if *kind == kind::DEPLOYMENT || *kind == kind::REPLICA_SET {
        check_template(object, &mut causes);
        if let Some(before) = before
            && before["spec"]["selector"] != object["spec"]["selector"]
        {
            causes.push((
                "spec.selector".into(),
                format!("Invalid value: {}: field is immutable", object["spec"]["selector"]),
            ));
        }
        if object::number(object, "/spec/replicas").is_some_and(|it| it < 0) {
            causes.push((
                "spec.replicas".into(),
                format!("Invalid value: {}: must be greater than or equal to 0", object["spec"]["replicas"]),
            ));
        }
    } else if *kind == kind::POD {
        check_containers(&object["spec"], "spec", &mut causes);
        if let Some(before) = before {
            check_pod_unchanged(before, object, &mut causes);
        }
    } else if *kind == kind::SERVICE {
        check_service(object, &mut causes);
    }
    if causes.is_empty() { Ok(()) } else { Err(Refusal::invalid(kind, name, &causes)) }
}

fn check_name(kind: &Kind, name: &str, causes: &mut Causes) {
    // A label (63 characters, no dots) for what becomes part of a host name, a subdomain for the rest.
    let is_label = *kind == kind::NAMESPACE || *kind == kind::SERVICE;
    let longest = if is_label { 63 } else { 253 };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let well_formed = !name.is_empty()
        && name.len() <= longest
        && name.chars().all(|c| fits(c) || (c == '.' && !is_label))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if name.is_empty() {
        causes.push(("metadata.name".into(), "Required value: name or generateName is required".into()));
    } else if !well_formed {
        let rule = if is_label {
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        } else {
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
        };
        causes.push(("metadata.name".into(), format!("Invalid value: \"{name}\": {rule}")));
    }
}

fn check_template(object: &Value, causes: &mut Causes) {
    let selector = &object["spec"]["selector"];
    let has_selector = selector["matchLabels"].as_object().is_some_and(|it| !it.is_empty())
        || !list(selector, "/matchExpressions").is_empty();
    if !has_selector {
        causes.push(("spec.selector".into(), "Required value".into()));
    } else if !super::selector::Selector::from_spec(selector).matches(&object["spec"]["template"]) {
        let labels = &object["spec"]["template"]["metadata"]["labels"];
        causes.push((
            "spec.template.metadata.labels".into(),
            format!("Invalid value: {labels}: `selector` does not match template `labels`"),
        ));
    }
    check_containers(&object["spec"]["template"]["spec"], "spec.template.spec", causes);
}

fn check_containers(spec: &Value, path: &str, causes: &mut Causes) {
    let containers = list(spec, "/containers");
    if containers.is_empty() {
        causes.push((format!("{path}.containers"), "Required value".into()));
    }
    for (at, container) in containers.iter().enumerate() {
        for field in ["name", "image"] {
            if container[field].as_str().is_none_or(str::is_empty) {
                causes.push((format!("{path}.containers[{at}].{field}"), "Required value".into()));
            }
        }
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let Some(probe_spec) = container.get(probe).filter(|it| it.is_object()) else {
                continue;
            };
            let kinds = ["httpGet", "tcpSocket", "exec", "grpc"];
            if !kinds.iter().any(|kind| probe_spec.get(kind).is_some()) {
                causes.push((
                    format!("{path}.containers[{at}].{probe}"),
                    "Required value: must specify a handler type".into(),
                ));
            }
        }
    }
}

/// Of a pod that exists only images, deadlines and tolerations may change.
fn check_pod_unchanged(before: &Value, after: &Value, causes: &mut Causes) {
    let fixed = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        for container in spec["containers"].as_array_mut().into_iter().flatten() {
            container["image"] = Value::Null;
        }
        for field in ["activeDeadlineSeconds", "tolerations", "nodeName", "terminationGracePeriodSeconds"] {
            spec[field] = Value::Null;
        }
        spec
    };
    if fixed(before) != fixed(after) {
        causes.push((
            "spec".into(),
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)".into(),
        ));
    }
}

fn check_service(object: &Value, causes: &mut Causes) {
    let ports = list(object, "/spec/ports");
    if ports.is_empty() && text(object, "/spec/clusterIP") != "None" {
        causes.push(("spec.ports".into(), "Required value".into()));
    }
    for (at, port) in ports.iter().enumerate() {
        let number = port["port"].as_i64().unwrap_or(0);
        if !(1..=65535).contains(&number) {
            causes.push((
                format!("spec.ports[{at}].port"),
                format!("Invalid value: {number}: must be between 1 and 65535, inclusive"),
            ));
        }
        if ports.len() > 1 && text(port, "/name").is_empty() {
            causes.push((format!("spec.ports[{at}].name"), "Required value".into()));
        }
    }
}
