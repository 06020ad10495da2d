//! deploy/simulator/src/lib.rs
