//! Answers what somebody asks about themselves: who am I, may I.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::{Call, json_answer, permit};
use crate::kubernetes::kind;
use crate::kubernetes::object::text;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::schema;

pub(super) async fn answer(call: Call) -> Result<Response, Refusal> {
    let mut body = call.json()?;
    schema::check_object(call.place.kind, &body)?;
    if *call.place.kind == kind::SUBJECT_REVIEW {
        let who = json!({"userInfo": {"username": call.who.name, "groups": call.who.groups}});
        let answer = json!({"kind": call.place.kind.kind, "apiVersion": call.place.kind.api_version(),
            "metadata": {"creationTimestamp": null}, "status": who});
        return Ok(json_answer(StatusCode::CREATED, &answer));
    }
    let asked = body["spec"]["resourceAttributes"].clone();
    let group = text(&asked, "/group");
    let found = kind::ALL.into_iter().find(|kind| kind.group == group && kind.plural == text(&asked, "/resource"));
    // Paths that are no objects (`/version` …) are open to everybody who is known.
    let (allowed, reason) = match found {
        None => (asked.is_null(), ""),
        Some(kind) => {
            let may = permit::allows(&call.cluster, &call.who, text(&asked, "/verb"), kind, text(&asked, "/namespace"));
            let reason = if may {
                "Access allowed by Azure RBAC"
            } else {
                "User does not have access to the resource in Azure. Update role assignment to allow access."
            };
            (may, reason)
        }
    };
    body["kind"] = json!(call.place.kind.kind);
    body["apiVersion"] = json!(call.place.kind.api_version());
    body["status"] = json!({"allowed": allowed, "reason": reason});
    Ok(json_answer(StatusCode::CREATED, &body))
}
