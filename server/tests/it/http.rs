//! What a browser and a program meet at the router, without script.

mod drafts;
mod events;
mod headers;
mod hostile;
mod issuers;
mod leaver;
mod limits;
mod long_log;
mod matching;
mod notices;
mod once;
mod policies;
mod proof;
mod published;
mod quota;
mod rest;
mod sign_in;
mod strangers;
mod table;
mod tls;
mod told;
mod tokens;
mod unseen;
