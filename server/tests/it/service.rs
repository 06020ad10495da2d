//! What the port promises, asked of the service itself, on both databases.

mod accept;
mod decide;
mod permission;
mod released;
mod rename;
mod secrets;
mod words;
