//! Integration tests.
#![allow(clippy::unwrap_used, unreachable_pub)] // a story may break; what it stands on is for its siblings

mod audit;
mod client;
mod decide;
mod engine;
mod floors;
mod http;
mod killed;
mod program;
mod recipe;
mod seal;
mod service;
mod shown;
mod store;
mod support;
