//! The pages, one a file: each loads, matches and composes.

pub mod environments;
pub mod job;
pub mod new_environment;
pub mod not_found;
pub mod sign_in;
