//! The words and the rules of Keystead: plain values and pure functions, without IO, framework or clock.
//!
//! Everything above this crate speaks in its nouns: a team member's [`form::Form`] becomes a [`wish::Wish`],
//! the wish becomes a [`plan::Plan`], an approved plan becomes a [`job`], and what the job built is proved by
//! [`check`]s. Who may do what stands in [`permission`], and nowhere else.

pub mod access;
pub mod account;
pub mod approval;
pub mod audit;
pub mod check;
pub mod cost;
pub mod environment;
pub mod failure;
pub mod feed;
pub mod field;
pub mod form;
pub mod id;
pub mod job;
pub mod moment;
pub mod name;
pub mod naming;
pub mod notice;
pub mod pass;
pub mod permission;
pub mod plan;
pub mod policy;
pub mod problem;
pub mod quota;
pub mod reason;
pub mod request;
pub mod tags;
pub mod team;
pub mod template;
pub mod view;
pub mod wish;

pub use moment::Moment;
