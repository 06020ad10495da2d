//! The REST API under `/api/v1`: a second thin skin over the port, for programs with a bearer token.

pub mod again;
pub mod approvals;
pub mod audit;
pub mod body;
pub mod changes;
pub mod environments;
pub mod jobs;
pub mod list;
pub mod openapi;
pub mod people;
pub mod plans;
pub mod policies;
pub mod problem;
pub mod proofs;
pub mod query;
pub mod refusals;
pub mod requests;
pub mod teams;
pub mod wishes;
