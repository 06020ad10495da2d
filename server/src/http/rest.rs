//! The REST API under `/api/v1`: a second thin skin over the port, for programs with a bearer token.

pub mod audit;
pub mod body;
pub mod changes;
pub mod contract;
mod conventions;
pub mod deliveries;
pub mod environments;
pub mod jobs;
mod json;
pub mod links;
mod matching;
pub mod once;
pub mod openapi;
pub mod pairs;
pub mod paged;
pub mod people;
pub mod policies;
pub mod problem;
pub mod query;
pub mod refusals;
pub mod remembered;
pub mod requests;
mod rules;
mod shape;
mod strict;
pub mod tokens;
pub mod webhooks;
