//! An address that names nothing, and nothing that this account may see.

use crate::components::frame::{Place, framed};
use crate::components::load::refused;
use crate::error::PortalError;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    framed(Place::Elsewhere, refused(PortalError::not_found()))
}
