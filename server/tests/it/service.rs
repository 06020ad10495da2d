//! What the port promises, asked of the service itself, on both databases.

mod decide;
mod permission;
mod rename;
mod secrets;
mod words;
