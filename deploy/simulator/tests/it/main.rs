//! Drives the simulator as its clients do: through the proxy, at Azure's real names.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod activity;
mod aks;
mod arm;
mod database;
mod door;
mod entra;
mod faults;
mod graph;
mod kubernetes;
mod limits;
mod lists;
mod locks;
mod log_analytics;
mod loopback;
mod metadata;
mod offer;
mod picture;
mod policy;
mod program;
mod rights;
mod sdk;
mod tokens;
mod vaults;
mod visitor;
