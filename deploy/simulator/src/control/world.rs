//! Shows and changes the world as nobody can through its doors: a picture of it, its settings, what Azure does by itself.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::offer::written;
use crate::arm::merge;
use crate::picture;
use crate::resources;
use crate::settings::Settings;
use crate::world::World;

pub(super) async fn settings(State(world): State<Arc<World>>) -> Json<Settings> {
    Json(world.state.read(Settings::read))
}

/// The whole world as text.
pub(super) async fn picture(State(world): State<Arc<World>>) -> String {
    picture::text(&world)
}

/// How often each resource was made and asked for.
pub(super) async fn creations(State(world): State<Arc<World>>) -> Response {
    match picture::creations(&world).await {
        Ok(counts) => Json(counts).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// Changes those that are named, and answers all.
pub(super) async fn change_settings(State(world): State<Arc<World>>, Json(asked): Json<Value>) -> Response {
    let settings = match world.state.read(Settings::read).with(&asked) {
        Ok(settings) => settings,
        Err(why) => return (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
    };
    match settings.keep(&world).await {
        Ok(()) => Json(settings).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// A change that Azure makes by itself: `merge` goes over the document of `resource`, and no event tells of it.
#[derive(Deserialize)]
pub(super) struct Change {
    resource: String,
    merge: Value,
}

pub(super) async fn change(State(world): State<Arc<World>>, Json(change): Json<Change>) -> Response {
    if world.state.read(|draft| resources::find(draft, &change.resource)).is_none() {
        return (StatusCode::NOT_FOUND, format!("there is no {}\n", change.resource)).into_response();
    }
    written(world.state.change(|draft| {
        if let Some(mut resource) = resources::find(draft, &change.resource) {
            merge(&mut resource.body, &change.merge);
            resources::put(draft, &resource);
        }
        Ok(())
    }))
    .await
}
