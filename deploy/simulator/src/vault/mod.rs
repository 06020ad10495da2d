//! Key Vault: the vault as an ARM resource, and the secrets and keys behind its own host name.
mod access;
mod audit;
mod backup;
mod deleted;
mod document;
mod firewall;
mod front_ends;
mod functions;
mod keys;
mod kind;
mod lines;
mod pages;
mod refusal;
mod secret;
mod secrets;
mod site;

use crate::parts::Parts;

pub use front_ends::FrontEnds;
pub use lines::{deleted_lines, secret_lines};

/// Adds the vaults and their hosts.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(kind::Vaults);
    functions::attach(parts);
    parts.add_site(site::VaultHosts);
}
