//! Pages as a browser receives them: rendered whole by the real router over a faked portal.
#![allow(clippy::unwrap_used)]

mod fake;
mod pages;
mod sight;
