//! What a browser and a program meet at the router, without script.

mod drafts;
mod events;
mod headers;
mod leaver;
mod limits;
mod long_log;
mod notices;
mod policies;
mod proof;
mod quota;
mod rest;
mod sign_in;
mod strangers;
mod table;
mod tls;
mod unseen;
