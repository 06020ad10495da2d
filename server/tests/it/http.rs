//! What a browser and a program meet at the router, without script.

mod drafts;
mod headers;
mod limits;
mod long_log;
mod notices;
mod quota;
mod rest;
mod sign_in;
mod strangers;
mod tls;
mod unseen;
