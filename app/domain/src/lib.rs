//! app/domain/src/lib.rs
