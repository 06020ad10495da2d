//! Says what is to go wrong: faults one by one, known ones by name, random ones from a seed.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::faults::catalogue::{self, CATALOGUE, Known};
use crate::faults::random::{Plan, Random};
use crate::world::World;

pub(super) async fn waiting(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.faults.left()))
}

/// 201 with the fault as it was understood.
pub(super) async fn add(State(world): State<Arc<World>>, Json(asked): Json<Value>) -> Response {
    match catalogue::meant(&asked) {
        Ok(fault) => {
            world.faults.add(fault.clone());
            kept(&world, (StatusCode::CREATED, Json(fault)).into_response()).await
        }
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

pub(super) async fn clear(State(world): State<Arc<World>>) -> Response {
    world.faults.clear();
    kept(&world, StatusCode::NO_CONTENT.into_response()).await
}

pub(super) async fn catalogue() -> Json<Value> {
    Json(CATALOGUE.iter().map(Known::shown).collect())
}

pub(super) async fn random(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.faults.random())
}

pub(super) async fn set_random(State(world): State<Arc<World>>, Json(plan): Json<Plan>) -> Response {
    match Random::new(plan) {
        Ok(random) => {
            world.faults.set_random(Some(random));
            kept(&world, StatusCode::CREATED.into_response()).await
        }
        Err(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    }
}

/// The plan with what it made up, for the last time.
pub(super) async fn end_random(State(world): State<Arc<World>>) -> Response {
    let told = world.faults.random();
    world.faults.set_random(None);
    kept(&world, Json(told).into_response()).await
}

/// The answer, once what it says would outlive the process.
async fn kept(world: &World, answer: Response) -> Response {
    match world.faults.keep(world).await {
        Ok(()) => answer,
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
