//! What pages are composed of, one component a file.

pub mod arch;
pub mod empty;
pub mod frame;
pub mod glyph;
pub mod load;
pub mod notice;
pub mod shortcuts;
#[cfg(feature = "ssr")]
pub mod sprite;
pub mod time;
