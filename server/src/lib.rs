//! The server of Keystead: what the portal promises is made true here. Its floors stand in ARCHITECTURE.md.

pub mod checks;
pub mod clock;
pub mod engine;
pub mod recipes;
pub mod seal;
pub mod steps;
pub mod store;
pub mod timers;
