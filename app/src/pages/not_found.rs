//! An address that names nothing, and nothing that this account may see.

use crate::components::frame::{Place, framed};
use crate::error::PortalError;
use leptos::prelude::*;

#[component]
pub fn NotFound() -> impl IntoView {
    framed(Place::Elsewhere, async { Err::<(), _>(PortalError::not_found()) }, |(), _| ().into_any())
}
