//! deploy/webapp/src/main.rs
fn main() {}
