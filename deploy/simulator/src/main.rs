//! deploy/simulator/src/main.rs
fn main() {}
