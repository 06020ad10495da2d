//! What a browser and a program meet at the router, without script.

mod drafts;
mod headers;
mod leaver;
mod limits;
mod lists;
mod long_log;
mod notices;
mod nouns;
mod plans;
mod policies;
mod proof;
mod quota;
mod rest;
mod sign_in;
mod strangers;
mod table;
mod tls;
mod unseen;
mod wishes;
