//! Changes what Azure offers the subscription: cores, sizes of machines, Kubernetes versions.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aks::versions;
use crate::compute::{self, Restriction};
use crate::state::StateError;
use crate::world::World;

/// A limit of cores: `family` is `cores` for all together; without a `limit` the usual one comes back.
#[derive(Deserialize)]
pub(super) struct Quota {
    location: String,
    family: String,
    #[serde(default)]
    limit: Option<i64>,
}

pub(super) async fn quotas(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.state.read(compute::limits)))
}

pub(super) async fn set_quota(State(world): State<Arc<World>>, Json(quota): Json<Quota>) -> Response {
    let Quota { location, family, limit } = quota;
    let known = family == "cores" || compute::SIZES.iter().any(|size| size.family.eq_ignore_ascii_case(&family));
    if !known || !crate::arm::locations::known(&location) {
        return (StatusCode::BAD_REQUEST, format!("there is no {family} in {location}\n")).into_response();
    }
    written(world.state.change(|draft| {
        compute::set_limit(draft, &location, &family, limit);
        Ok(())
    }))
    .await
}

pub(super) async fn restrictions(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.state.read(|draft| compute::restrictions(draft, None))))
}

pub(super) async fn restrict(State(world): State<Arc<World>>, Json(restriction): Json<Restriction>) -> Response {
    if compute::size(&restriction.name).is_none() || !crate::arm::locations::known(&restriction.location) {
        let text = format!("there is no {} in {}\n", restriction.name, restriction.location);
        return (StatusCode::BAD_REQUEST, text).into_response();
    }
    written(world.state.change(|draft| {
        compute::restrict(draft, &restriction);
        Ok(())
    }))
    .await
}

pub(super) async fn clear_restrictions(State(world): State<Arc<World>>) -> Response {
    written(world.state.change(|draft| {
        compute::clear_restrictions(draft);
        Ok(())
    }))
    .await
}

/// What becomes of a minor version: `supported`, `long_term`, `preview` or `gone`.
#[derive(Deserialize)]
pub(super) struct Version {
    version: String,
    state: versions::State,
}

pub(super) async fn set_version(State(world): State<Arc<World>>, Json(asked): Json<Version>) -> Response {
    let change = |draft: &mut crate::state::Draft<'_>| Ok(versions::set_state(draft, &asked.version, asked.state));
    match world.state.change(change).await {
        Ok(None) => (StatusCode::BAD_REQUEST, format!("there is no version {}\n", asked.version)).into_response(),
        Ok(Some(())) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

/// The newest image of nodes; without a version the calendar's again.
#[derive(Deserialize)]
pub(super) struct Image {
    version: Option<String>,
}

pub(super) async fn set_image(State(world): State<Arc<World>>, Json(image): Json<Image>) -> Response {
    written(world.state.change(|draft| {
        versions::set_image(draft, image.version.as_deref());
        Ok(())
    }))
    .await
}

/// 204 once it is written.
pub(super) async fn written(writing: impl Future<Output = Result<(), StateError>>) -> Response {
    match writing.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &StateError) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
}
