//! What becomes of fields that a kind does not have, or that are given twice, as the caller asks for it.
//!
//! `fieldValidation` is `Strict` (refused), `Warn` (the default: told in `Warning` headers) or `Ignore`; whatever is not
//! refused is dropped. The rules and words are those of k8s.io/apiserver's `pkg/endpoints/handlers`.

use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Call;
use crate::kubernetes::duplicates;
use crate::kubernetes::fields;
use crate::kubernetes::refusal::Refusal;

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Strict,
    Warn,
    Ignore,
}

/// Judges the fields of one request, and keeps what is to be told.
pub(super) struct Validation<'a> {
    call: &'a Call,
    how: How,
    told: Mutex<Vec<String>>,
}

impl<'a> Validation<'a> {
    /// `options` is what the API calls the parameters of this request: `CreateOptions`, `UpdateOptions`, `PatchOptions`.
    pub(super) fn of(call: &'a Call, options: &str) -> Result<Self, Refusal> {
        let refused = |field: &str, value: &str, known: &str| {
            let message = format!(
                "{options}.meta.k8s.io \"\" is invalid: {field}: Unsupported value: \"{value}\": supported values: {known}"
            );
            Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
        };
        let dry = call.query.text("dryRun");
        if !matches!(dry, "" | "All") {
            return Err(refused("dryRun", dry, "\"All\""));
        }
        let how = match call.query.text("fieldValidation") {
            "Strict" => How::Strict,
            "" | "Warn" => How::Warn,
            "Ignore" => How::Ignore,
            other => return Err(refused("fieldValidation", other, "\"Ignore\", \"Strict\", \"Warn\"")),
        };
        Ok(Self { call, how, told: Mutex::default() })
    }

    /// Judges an object that was sent whole, and drops what its kind does not have.
    pub(super) fn whole(&self, object: &mut Value) -> Result<(), Refusal> {
        let kind = self.call.place.kind;
        let unknown = fields::unknown(kind, object);
        let mut found: Vec<String> = unknown.iter().map(fields::Unknown::told).collect();
        found.extend(self.duplicates());
        if self.how == How::Strict && !found.is_empty() {
            return Err(Refusal::bad_request(format!(
                "{name} in version \"{}\" cannot be handled as a {name}: strict decoding error: {}",
                kind.version,
                found.join(", "),
                name = kind.kind,
            )));
        }
        fields::drop_all(object, &unknown);
        self.tell(found);
        Ok(())
    }

    /// Carries out a patch, judges what it brought, and drops what the kind does not have.
    pub(super) fn patched(
        &self,
        object: &mut Value,
        patch: impl FnOnce(&mut Value) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let kind = self.call.place.kind;
        let before = fields::unknown(kind, object);
        patch(object)?;
        let mut unknown = fields::unknown(kind, object);
        unknown.retain(|field| !before.contains(field));
        let mut found: Vec<String> = self.duplicates();
        found.extend(unknown.iter().map(fields::Unknown::told));
        if self.how == How::Strict && !found.is_empty() {
            let message = format!(
                " \"\" is invalid: patch: Invalid value: {}: strict decoding error: {}",
                Value::String(object.to_string()),
                found.join(", ")
            );
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message));
        }
        fields::drop_all(object, &unknown);
        self.tell(found);
        Ok(())
    }

    fn duplicates(&self) -> Vec<String> {
        let twice = duplicates::of(&self.call.body);
        twice.into_iter().map(|path| format!("duplicate field \"{path}\"")).collect()
    }

    /// A patch that meets another writer is carried out again: what was found last counts.
    fn tell(&self, found: Vec<String>) {
        if self.how == How::Warn {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = found;
        }
    }

    /// The answer with a `Warning` header for each field that was dropped.
    pub(super) fn warned(self, mut response: Response) -> Response {
        for text in self.told.into_inner().unwrap_or_else(PoisonError::into_inner) {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            // What no header can hold is left out, as Kubernetes leaves it out.
            if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
                response.headers_mut().append(header::WARNING, value);
            }
        }
        response
    }
}
