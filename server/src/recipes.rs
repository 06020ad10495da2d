//! Lists of steps that belong together; adding a step touches its own file and one list here.

mod provision;

pub use provision::provision;
