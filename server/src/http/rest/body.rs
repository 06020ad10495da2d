//! A JSON body whose rejection is a problem document that says where it does not fit.

use super::problem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

/// As `axum::Json`, but refused in our words.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Response;
    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Body(body)),
            Err(rejection) => Err(refused(rejection).into_response()),
        }
    }
}

fn refused(rejection: JsonRejection) -> Response {
    problem::of_status(rejection.status(), rejection.body_text())
}
