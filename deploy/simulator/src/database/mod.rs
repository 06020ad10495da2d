//! Simulates Azure's PostgreSQL servers: real protocol, TLS and passwords, and no tables.
//!
//! Each server listens on an address of its own (`127.0.2.N:5432`, where the machine has that range, else a free port
//! of 127.0.0.1) with a certificate of the world's authority for that address and for
//! `NAME.postgres.database.azure.com`. It lets accounts in by SCRAM-SHA-256 over TLS alone and answers `select` of
//! constants and functions, `show`, `set`, transactions and `alter role … password`; everything else gets SQLSTATE
//! 0A000 with the statement's name. It has databases as names only: nothing is stored in them.
//!
//! Servers and their first accounts are made with the world. Each password lies in a file of its own (mode 0600) below
//! `databases/` in the state folder; the state keeps verifiers alone. `facts.database` tells the portal's default
//! template `{"name", "server", "database", "username", "password_file"}`, `facts.databases` the same of every server.

mod accounts;
mod activity;
mod certificate;
mod listen;
mod login;
mod query;
mod refusal;
mod rest;
mod role_statement;
mod roles;
mod seed;
mod session;
mod sessions;
mod statement;
mod token;
mod unit;
mod value;

use crate::parts::Parts;

/// Adds the servers.
pub fn attach(parts: &mut Parts) {
    parts.add_start(listen::Listen::default());
}
