//! The record made provable: sealed after the commit, exported with its chain, verified by whoever has the file.

mod csv;
pub mod evidence;
mod export;
mod sealer;
pub mod verify;

pub use export::Export;
pub use sealer::{AuditSeal, Sealer, begin};

/// What a checkpoint's signature is for.
const CHECKPOINT: &str = "keystead record checkpoint 1";
/// What the signature at the end of an export is for.
const EXPORT: &str = "keystead record export 1";
