//! server/site/src/lib.rs
