//! What a browser and a program meet at the router, without script.

mod drafts;
mod headers;
mod leaver;
mod long_log;
mod proof;
mod quota;
mod rest;
mod sign_in;
mod strangers;
mod table;
