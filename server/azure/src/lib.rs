//! server/azure/src/lib.rs
