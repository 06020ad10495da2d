//! What stories stand on: databases of their own, rows to begin with, and a wire at which they can do anything.

pub mod bed;
pub mod breaking;
pub mod browser;
pub mod document;
pub mod living;
pub mod portal;
pub mod postgres;
pub mod posts;
pub mod program;
pub mod routes;
pub mod smtp;
pub mod wire;
