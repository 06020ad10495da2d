//! The server of Keystead: what the portal promises is made true here. Its floors stand in ARCHITECTURE.md.

pub mod audit;
pub mod beside;
pub mod checks;
pub mod clock;
pub mod command;
pub mod config;
pub mod engine;
pub mod holders;
pub mod http;
pub mod notices;
pub mod preflight;
pub mod recipes;
pub mod seal;
pub mod service;
pub mod steps;
pub mod store;
pub mod timers;
