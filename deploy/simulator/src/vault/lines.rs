//! One line for each deleted vault and for each secret, for the picture of the world: names and numbers, no values.
use super::deleted;
use super::document::KIND;
use super::secret::Secret;
use crate::arm::part_after;
use crate::resources::{self, Resource};
use crate::state::Draft;

/// The deleted vaults, with the group that each was in.
pub fn deleted_lines(draft: &Draft<'_>) -> Vec<String> {
    let each = deleted::all(draft, draft.now).into_iter().map(|deleted| {
        let group = part_after(deleted.vault.id(), "resourcegroups").unwrap_or_default();
        let protected = if deleted.is_protected() { " protected" } else { "" };
        format!("{} of {group}{protected}", name(&deleted.vault))
    });
    each.collect()
}

/// The secrets of every vault, live or deleted.
pub fn secret_lines(draft: &Draft<'_>) -> Vec<String> {
    let live = resources::of_kind(draft, "", KIND);
    let deleted = deleted::all(draft, draft.now).into_iter().map(|deleted| deleted.vault);
    let mut lines = Vec::new();
    for vault in live.into_iter().chain(deleted) {
        for secret in Secret::all(draft, &vault, draft.now) {
            let versions = match secret.versions.len() {
                1 => "1 version".to_owned(),
                several => format!("{several} versions"),
            };
            let deleted = if secret.deleted.is_some() { " deleted" } else { "" };
            lines.push(format!("{}/{} {versions}{deleted}", name(&vault), secret.name));
        }
    }
    lines
}

fn name(vault: &Resource) -> &str {
    vault.body["name"].as_str().unwrap_or_default()
}
