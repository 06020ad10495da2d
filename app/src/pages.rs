//! The pages, one a file: each loads, matches and composes.

pub mod access;
pub mod approvals;
pub mod audit;
pub mod change_environment;
pub mod destroy_environment;
pub mod environment;
pub mod environments;
pub mod job;
pub mod jobs;
pub mod leaving;
pub mod new_environment;
pub mod new_policy;
pub mod not_found;
pub mod notices;
pub mod people;
pub mod policies;
pub mod policy;
pub mod release_environment;
pub mod request;
pub mod requests;
pub mod sessions;
pub mod sign_in;
pub mod token;
pub mod tokens;
pub mod webhook;
pub mod webhooks;
