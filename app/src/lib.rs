//! What people see and what may be asked; compiled into the server (`ssr`) and to WebAssembly (`hydrate`).

pub mod error;
#[cfg(feature = "ssr")]
pub mod portal;
