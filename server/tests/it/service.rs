//! What the port promises, asked of the service itself, on both databases.

mod accept;
mod access;
mod actual;
mod approval;
mod approvers;
mod busy;
mod cost;
mod cost_centre;
mod day_two;
mod decide;
mod deleted_vault;
mod delivering;
mod feed;
mod leaver;
mod notices;
mod overtaken;
mod permission;
mod policies;
mod quota;
mod released;
mod rename;
mod secrets;
mod sparing;
mod webhooks;
mod words;
