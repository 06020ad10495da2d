//! The conventions of the API, laid over all of its operations: whoever writes a handler has them without a line.

use super::{matching, once, remembered, strict};
use crate::http::Web;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

/// Of what anybody may ask: bodies are what the document says.
pub fn over_open(open: Router<Web>) -> Router<Web> {
    open.layer(from_fn(strict::layer))
}

/// From the outside in: what cannot be read is refused, a repeat gets its answer, a change says what it was meant for.
pub fn over(programs: Router<Web>, web: &Web) -> Router<Web> {
    let things = matching::Things::new(programs.clone(), web.clone());
    programs
        .layer(from_fn_with_state(things, matching::layer))
        .layer(from_fn_with_state(web.clone(), remembered::layer))
        .layer(from_fn_with_state(web.clone(), once::layer))
        .layer(from_fn(strict::layer))
}
