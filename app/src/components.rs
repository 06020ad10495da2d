//! What pages are composed of, one component a file.

pub mod arch;
pub mod check_row;
pub mod confirm;
pub mod cost;
pub mod empty;
pub mod field;
pub mod filling;
#[cfg(feature = "ssr")]
pub mod frame;
pub mod glyph;
pub mod graph;
pub mod hand_over;
pub mod live;
pub mod log;
pub mod notice;
pub mod plan_panel;
pub mod plan_table;
pub mod quota;
#[cfg(feature = "ssr")]
pub mod refused;
pub mod shortcuts;
#[cfg(feature = "ssr")]
pub mod sprite;
pub mod time;
pub mod timeline;
pub mod topology;
