//! Answers what somebody asks about themselves: who am I, may I.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Call, json_answer, permit};
use crate::kubernetes::kind;
use crate::kubernetes::object::text;
use crate::kubernetes::rbac::Wish;
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
    // Paths that are no objects (`/version` …) are open to everybody who is known.
    let (allowed, reason) = match asked.is_null() {
        true => (true, String::new()),
        false => permitted(&call, &asked).await,
    };
    body["kind"] = json!(call.place.kind.kind);
    body["apiVersion"] = json!(call.place.kind.api_version());
    body["status"] = json!({"allowed": allowed, "reason": reason});
    Ok(json_answer(StatusCode::CREATED, &body))
}

async fn permitted(call: &Call, asked: &Value) -> (bool, String) {
    let of = |field: &str| text(asked, field);
    let resource = match of("/subresource") {
        "" => of("/resource").to_owned(),
        part => format!("{}/{part}", of("/resource")),
    };
    let wish = Wish {
        verb: of("/verb"),
        group: of("/group"),
        resource: &resource,
        namespace: of("/namespace"),
        name: of("/name"),
    };
    match permit::allows(&call.cluster, &call.who, &wish).await {
        Some(reason) => (true, reason),
        None if permit::is_azures(&call.cluster, &call.who).is_some() => (false, permit::NO_ASSIGNMENT.to_owned()),
        None => (false, String::new()),
    }
}
