//! The client against what answers on the wire.
#![allow(clippy::unwrap_used)]
mod arm;
mod costs;
mod hand;
mod kubernetes;
mod logs;
mod pace;
mod pod;
mod prices;
mod rehearsal;
mod sign_in;
mod stage;
mod vault;
mod walk;
