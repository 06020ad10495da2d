//! Addresses of the problems that the REST API tells of.

use super::address::segment;

/// GET page, for anybody: all of them.
pub fn problems() -> &'static str {
    "/problems"
}

/// GET page, for anybody: what one means, and what to do.
pub fn problem(name: &str) -> String {
    format!("/problems/{}", segment(name))
}
