//! What a browser and a program meet at the router, without script.

mod drafts;
mod headers;
mod long_log;
mod policies;
mod quota;
mod rest;
mod sign_in;
mod strangers;
