//! Runs the web app as a process on a machine of the simulated Azure, and asks it what a cluster and a person would.
#![allow(clippy::unwrap_used, unreachable_pub)]

mod visit;
mod world;
