//! Answers `pods/eviction`.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use super::{Call, json_answer};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::removal::Wish;

pub(super) async fn answer(call: Call) -> Result<Response, Refusal> {
    let eviction = call.json()?;
    let mut wish = Wish::from_body(&eviction["deleteOptions"]);
    wish.dry |= call.query.is_dry();
    call.cluster.evict(&call.place.key(), &wish).await?;
    Ok(json_answer(
        StatusCode::CREATED,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}
