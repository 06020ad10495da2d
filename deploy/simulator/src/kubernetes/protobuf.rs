//! Reads the bodies that `kubectl` and Go programs send as protobuf, by the field numbers of Kubernetes' own types.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::object;

/// What every such body begins with.
const MAGIC: &[u8] = b"k8s\0";

/// A message: number, name and form of each field.
type Message = &'static [(u64, &'static str, Form)];

#[derive(Clone, Copy)]
enum Form {
    /// An empty one counts as absent, as in JSON.
    Text,
    Texts,
    /// Zero counts as absent.
    Number,
    /// A number that may be absent, so that zero is one.
    Given,
    GivenFlag,
    Time,
    Labels,
    /// A map of bytes, which JSON has as base64.
    Blobs,
    One(Message),
    Many(Message),
}

const OWNER: Message = &[
    (1, "kind", Form::Text),
    (3, "name", Form::Text),
    (4, "uid", Form::Text),
    (5, "apiVersion", Form::Text),
    (6, "controller", Form::GivenFlag),
    (7, "blockOwnerDeletion", Form::GivenFlag),
];
const METADATA: Message = &[
    (1, "name", Form::Text),
    (2, "generateName", Form::Text),
    (3, "namespace", Form::Text),
    (5, "uid", Form::Text),
    (6, "resourceVersion", Form::Text),
    (7, "generation", Form::Number),
    (8, "creationTimestamp", Form::Time),
    (9, "deletionTimestamp", Form::Time),
    (10, "deletionGracePeriodSeconds", Form::Given),
    (11, "labels", Form::Labels),
    (12, "annotations", Form::Labels),
    (13, "ownerReferences", Form::Many(OWNER)),
    (14, "finalizers", Form::Texts),
];
const REFERENCE: Message = &[
    (1, "kind", Form::Text),
    (2, "namespace", Form::Text),
    (3, "name", Form::Text),
    (4, "uid", Form::Text),
    (5, "apiVersion", Form::Text),
];
const DELETE_OPTIONS: Message = &[
    (1, "gracePeriodSeconds", Form::Given),
    (2, "preconditions", Form::One(&[(1, "uid", Form::Text), (2, "resourceVersion", Form::Text)])),
    (3, "orphanDependents", Form::GivenFlag),
    (4, "propagationPolicy", Form::Text),
    (5, "dryRun", Form::Texts),
];
const ACCESS: Message = &[
    (1, "namespace", Form::Text),
    (2, "verb", Form::Text),
    (3, "group", Form::Text),
    (4, "version", Form::Text),
    (5, "resource", Form::Text),
    (6, "subresource", Form::Text),
    (7, "name", Form::Text),
];
const TOKEN: Message = &[
    (1, "audiences", Form::Texts),
    (
        3,
        "boundObjectRef",
        Form::One(&[
            (1, "kind", Form::Text),
            (2, "apiVersion", Form::Text),
            (3, "name", Form::Text),
            (4, "uid", Form::Text),
        ]),
    ),
    (4, "expirationSeconds", Form::Given),
];

const RULES: Message = &[
    (1, "verbs", Form::Texts),
    (2, "apiGroups", Form::Texts),
    (3, "resources", Form::Texts),
    (4, "resourceNames", Form::Texts),
    (5, "nonResourceURLs", Form::Texts),
];
const ROLE: Message = &[(1, "metadata", Form::One(METADATA)), (2, "rules", Form::Many(RULES))];
const SUBJECT: Message =
    &[(1, "kind", Form::Text), (2, "apiGroup", Form::Text), (3, "name", Form::Text), (4, "namespace", Form::Text)];
const ROLE_REFERENCE: Message = &[(1, "apiGroup", Form::Text), (2, "kind", Form::Text), (3, "name", Form::Text)];
const BINDING: Message = &[
    (1, "metadata", Form::One(METADATA)),
    (2, "subjects", Form::Many(SUBJECT)),
    (3, "roleRef", Form::One(ROLE_REFERENCE)),
];

/// The kinds that typed clients send; the others come as JSON or YAML of a manifest.
fn message_of(kind: &str) -> Option<Message> {
    Some(match kind {
        "Role" | "ClusterRole" => ROLE,
        "RoleBinding" | "ClusterRoleBinding" => BINDING,
        "ConfigMap" => &[
            (1, "metadata", Form::One(METADATA)),
            (2, "data", Form::Labels),
            (3, "binaryData", Form::Blobs),
            (4, "immutable", Form::GivenFlag),
        ],
        "DeleteOptions" => DELETE_OPTIONS,
        "Eviction" => &[(1, "metadata", Form::One(METADATA)), (2, "deleteOptions", Form::One(DELETE_OPTIONS))],
        "Namespace" => {
            &[(1, "metadata", Form::One(METADATA)), (2, "spec", Form::One(&[(1, "finalizers", Form::Texts)]))]
        }
        "Scale" => &[(1, "metadata", Form::One(METADATA)), (2, "spec", Form::One(&[(1, "replicas", Form::Given)]))],
        "Secret" => &[
            (1, "metadata", Form::One(METADATA)),
            (2, "data", Form::Blobs),
            (3, "type", Form::Text),
            (4, "stringData", Form::Labels),
            (5, "immutable", Form::GivenFlag),
        ],
        "SelfSubjectAccessReview" => &[
            (1, "metadata", Form::One(METADATA)),
            (
                2,
                "spec",
                Form::One(&[
                    (1, "resourceAttributes", Form::One(ACCESS)),
                    (2, "nonResourceAttributes", Form::One(&[(1, "path", Form::Text), (2, "verb", Form::Text)])),
                ]),
            ),
        ],
        "SelfSubjectReview" => &[(1, "metadata", Form::One(METADATA))],
        "ServiceAccount" => &[
            (1, "metadata", Form::One(METADATA)),
            (2, "secrets", Form::Many(REFERENCE)),
            (3, "imagePullSecrets", Form::Many(&[(1, "name", Form::Text)])),
            (4, "automountServiceAccountToken", Form::GivenFlag),
        ],
        "TokenRequest" => &[(1, "metadata", Form::One(METADATA)), (2, "spec", Form::One(TOKEN))],
        _ => return None,
    })
}

/// The object in a body, or why it cannot be read.
pub fn read(body: &[u8]) -> Result<Value, String> {
    let envelope = body.strip_prefix(MAGIC).ok_or("it does not begin as Kubernetes' protobuf does")?;
    let (mut about, mut raw) = (Value::Null, &[][..]);
    for field in fields(envelope)? {
        match field {
            (1, Wire::Bytes(bytes)) => {
                about = message(&[(1, "apiVersion", Form::Text), (2, "kind", Form::Text)], bytes)?
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let kind = object::text(&about, "/kind");
    let of = message_of(kind).ok_or_else(|| format!("{kind} is read here as JSON alone"))?;
    let mut object = message(of, raw)?;
    object["apiVersion"] = about["apiVersion"].clone();
    object["kind"] = json!(kind);
    Ok(object)
}

fn message(of: Message, bytes: &[u8]) -> Result<Value, String> {
    let mut object = Map::new();
    for (number, wire) in fields(bytes)? {
        // What this version of the types does not know is passed over, as protobuf wants it.
        if let Some((_, name, form)) = of.iter().find(|(known, ..)| *known == number) {
            put(&mut object, name, *form, wire)?;
        }
    }
    Ok(Value::Object(object))
}

fn put(object: &mut Map<String, Value>, name: &str, form: Form, wire: Wire<'_>) -> Result<(), String> {
    let push = |object: &mut Map<String, Value>, value: Value| match object.entry(name).or_insert_with(|| json!([])) {
        Value::Array(all) => all.push(value),
        other => *other = json!([value]),
    };
    match (form, wire) {
        (Form::Text, Wire::Bytes([])) | (Form::Number, Wire::Number(0)) | (Form::Time, Wire::Bytes([])) => {}
        (Form::Text, Wire::Bytes(bytes)) => drop(object.insert(name.to_owned(), json!(string(bytes)?))),
        (Form::Texts, Wire::Bytes(bytes)) => push(object, json!(string(bytes)?)),
        (Form::Number | Form::Given, Wire::Number(number)) => {
            drop(object.insert(name.to_owned(), json!(number as i64)))
        }
        (Form::GivenFlag, Wire::Number(number)) => drop(object.insert(name.to_owned(), json!(number != 0))),
        (Form::Time, Wire::Bytes(bytes)) => {
            let seconds = fields(bytes)?.into_iter().find_map(|field| match field {
                (1, Wire::Number(seconds)) => jiff::Timestamp::from_second(seconds as i64).ok(),
                _ => None,
            });
            object.extend(seconds.map(|at| (name.to_owned(), json!(object::time(at)))));
        }
        (Form::Labels | Form::Blobs, Wire::Bytes(bytes)) => {
            let (mut key, mut value) = (String::new(), &[][..]);
            for field in fields(bytes)? {
                match field {
                    (1, Wire::Bytes(bytes)) => key = string(bytes)?,
                    (2, Wire::Bytes(bytes)) => value = bytes,
                    _ => {}
                }
            }
            let value = if matches!(form, Form::Blobs) { STANDARD.encode(value) } else { string(value)? };
            if let Value::Object(map) = object.entry(name).or_insert_with(|| json!({})) {
                map.insert(key, json!(value));
            }
        }
        (Form::One(of), Wire::Bytes(bytes)) => drop(object.insert(name.to_owned(), message(of, bytes)?)),
        (Form::Many(of), Wire::Bytes(bytes)) => push(object, message(of, bytes)?),
        _ => return Err(format!("the field {name} is of another type")),
    }
    Ok(())
}

fn string(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
}

/// A field as it is on the wire; fixed widths are in none of these messages.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Wire<'_>)>, String> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let key = number(&mut bytes)?;
        let wire = match key & 7 {
            0 => Wire::Number(number(&mut bytes)?),
            2 => {
                let length = usize::try_from(number(&mut bytes)?).unwrap_or(usize::MAX);
                let (value, rest) = bytes.split_at_checked(length).ok_or("it ends in the middle of a field")?;
                bytes = rest;
                Wire::Bytes(value)
            }
            other => return Err(format!("wire type {other} is not known")),
        };
        all.push((key >> 3, wire));
    }
    Ok(all)
}

fn number(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or("it ends in the middle of a number")?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number is too long".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `kubectl create serviceaccount reader` of version 1.32.
    const ACCOUNT: &str = "6b3873000a140a02763112 0e536572766963654163636f756e74 12160a140a06726561646572 12001a0022002a0032003800 4200 1a002200";

    #[test]
    fn a_service_account_is_read_as_kubectl_sends_it() {
        let body = hex::decode(ACCOUNT.replace(' ', "")).unwrap();
        assert_eq!(
            read(&body).unwrap(),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}})
        );
    }

    #[test]
    fn bytes_that_are_no_message_are_an_error() {
        let body = hex::decode(ACCOUNT.replace(' ', "")).unwrap();
        for end in 0..body.len() {
            let _ = read(&body[..end]);
        }
        assert!(read(b"{}").is_err());
        assert!(read(b"k8s\0\x0a\xff").is_err());
    }
}
