//! frontend/src/lib.rs
