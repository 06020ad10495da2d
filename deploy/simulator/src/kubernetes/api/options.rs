//! From which version a list or a watch begins, and the combinations of options that the API server refuses.
//!
//! The rules are those of `ValidateListOptions` in k8s.io/apimachinery.

use http::StatusCode;
use serde_json::json;

use super::path::Query;
use crate::kubernetes::refusal::Refusal;

/// Where a watch begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    /// With everything that stands, at this version or a newer one.
    Standing(u64),
    /// With what happens from now on.
    Now,
    /// With the first change after this version.
    After(u64),
}

impl Start {
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        let matching = query.text("resourceVersionMatch");
        let initial = query.text("sendInitialEvents");
        let mut causes = Vec::new();
        if !initial.is_empty() && matching != "NotOlderThan" {
            causes.push("resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan".to_owned());
        }
        if !matching.is_empty() {
            if initial.is_empty() {
                causes.push("resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided".to_owned());
            }
            if matching != "NotOlderThan" {
                causes.push(format!(
                    "resourceVersionMatch: Unsupported value: \"{matching}\": supported values: \"NotOlderThan\""
                ));
            }
        }
        refuse(&causes)?;
        let version = version(query)?;
        Ok(match (initial, version) {
            ("", None | Some(0)) => Self::Standing(0),
            ("", Some(version)) => Self::After(version),
            ("true" | "1", version) => Self::Standing(version.unwrap_or(0)),
            (_, None | Some(0)) => Self::Now,
            (_, Some(version)) => Self::After(version),
        })
    }
}

/// Which version a list has to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum At {
    NotOlderThan(u64),
    Exactly(u64),
}

impl At {
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        let matching = query.text("resourceVersionMatch");
        let given = query.text("resourceVersion");
        let mut causes = Vec::new();
        if !query.text("sendInitialEvents").is_empty() {
            causes.push("sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list".to_owned());
        }
        if !matching.is_empty() {
            if given.is_empty() {
                causes.push("resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided".to_owned());
            }
            if !matches!(matching, "NotOlderThan" | "Exact") {
                causes.push(format!(
                    "resourceVersionMatch: Unsupported value: \"{matching}\": supported values: \"Exact\", \"NotOlderThan\""
                ));
            }
            if matching == "Exact" && given == "0" {
                causes.push("resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"".to_owned());
            }
        }
        refuse(&causes)?;
        let version = version(query)?.unwrap_or(0);
        Ok(if matching == "Exact" { Self::Exactly(version) } else { Self::NotOlderThan(version) })
    }
}

fn refuse(causes: &[String]) -> Result<(), Refusal> {
    let all = match causes {
        [] => return Ok(()),
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {all}");
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message))
}

fn version(query: &Query) -> Result<Option<u64>, Refusal> {
    match query.text("resourceVersion") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Refusal::bad_request(format!(
                "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
            ))
        }),
    }
}

/// A version that there is not yet: 504, as where the API server waited for it in vain.
pub(super) fn too_large(wanted: u64, newest: u64) -> Refusal {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {newest}");
    Refusal::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", message).with_details(json!({
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(&format!("/x?{text}").parse().unwrap())
    }

    #[test]
    fn a_watch_begins_where_its_options_say() {
        let cases = [
            ("", Start::Standing(0)),
            ("resourceVersion=0", Start::Standing(0)),
            ("resourceVersion=7", Start::After(7)),
            ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", Start::Standing(0)),
            ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=7", Start::Standing(7)),
            ("sendInitialEvents=false&resourceVersionMatch=NotOlderThan", Start::Now),
            ("sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=7", Start::After(7)),
        ];
        for (text, expected) in cases {
            assert_eq!(Start::of(&query(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for text in ["sendInitialEvents=true", "resourceVersionMatch=NotOlderThan", "resourceVersion=seven"] {
            assert!(Start::of(&query(text)).is_err(), "{text}");
        }
        for text in
            ["sendInitialEvents=true", "resourceVersionMatch=Exact", "resourceVersionMatch=Exact&resourceVersion=0"]
        {
            assert!(At::of(&query(text)).is_err(), "{text}");
        }
        assert_eq!(At::of(&query("resourceVersionMatch=Exact&resourceVersion=7")).unwrap(), At::Exactly(7));
        assert_eq!(At::of(&query("resourceVersion=7")).unwrap(), At::NotOlderThan(7));
    }
}
