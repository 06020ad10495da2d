//! Shows objects as a table of the columns that `kubectl get` prints, where the client asks for one.

use http::HeaderMap;
use http::header;
use serde_json::{Value, json};

use super::path::Query;
use crate::kubernetes::columns::{self, Column};
use crate::kubernetes::kind::Kind;
use crate::kubernetes::object::text;

/// How a client wants to see objects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Look {
    Whole,
    Table(Include),
}

/// What of each object goes along with its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Include {
    Nothing,
    Metadata,
    Whole,
}

impl Look {
    /// The first of the `Accept` header that is served here; `includeObject` of the query.
    pub(super) fn of(headers: &HeaderMap, query: &Query) -> Self {
        let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or("");
        for offer in accepted.split(',') {
            let mut parts = offer.split(';').map(str::trim);
            if parts.next() != Some("application/json") {
                continue;
            }
            let parameters: Vec<&str> = parts.collect();
            if parameters.contains(&"as=Table") && parameters.contains(&"v=v1") {
                return Self::Table(match query.text("includeObject") {
                    "None" => Include::Nothing,
                    "Object" => Include::Whole,
                    _ => Include::Metadata,
                });
            }
            if !parameters.iter().any(|it| it.starts_with("as=")) {
                return Self::Whole;
            }
        }
        Self::Whole
    }
}

/// A `Table` of objects. `with_columns` is false for all but the first of a watch.
pub(super) fn table(
    kind: &Kind,
    objects: &[&Value],
    include: Include,
    version: &str,
    now: jiff::Timestamp,
    with_columns: bool,
) -> Value {
    let columns = columns::of(kind);
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let cells: Vec<Value> = columns.iter().map(|column| (column.cell)(object, now)).collect();
            let mut row = json!({ "cells": cells });
            match include {
                Include::Nothing => {}
                Include::Whole => row["object"] = (*object).clone(),
                Include::Metadata => {
                    row["object"] = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                        "metadata": object["metadata"]});
                }
            }
            row
        })
        .collect();
    let definitions: Option<Vec<Value>> = with_columns.then(|| columns.iter().map(definition).collect());
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

/// The same of one object, as of the version it has.
pub(super) fn row(kind: &Kind, object: &Value, include: Include, now: jiff::Timestamp, with_columns: bool) -> Value {
    table(kind, &[object], include, text(object, "/metadata/resourceVersion"), now, with_columns)
}

fn definition(column: &Column) -> Value {
    let name = column.name == "Name" && column.priority == 0;
    json!({
        "name": column.name,
        "type": column.kind,
        "format": if name { "name" } else { "" },
        "description": "",
        "priority": column.priority,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn look(accept: &'static str) -> Look {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Look::of(&headers, &Query::default())
    }

    #[test]
    fn the_first_look_that_is_served_is_taken() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(look(kubectl), Look::Table(Include::Metadata));
        assert_eq!(look("application/json"), Look::Whole);
        assert_eq!(look("application/vnd.kubernetes.protobuf, application/json, */*"), Look::Whole);
    }
}
