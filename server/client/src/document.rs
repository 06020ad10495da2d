//! A whole wish as a file: the document that the portal gives of an environment, or the answers of a form.

use crate::exit::Failure;
use crate::form;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What is a text, as it stands there: `kubernetes: 1.30` is not 1.3.
#[derive(Deserialize)]
struct Texts {
    name: Option<String>,
    team: Option<String>,
    region: Option<String>,
    template: Option<String>,
    node_size: Option<String>,
    kubernetes: Option<String>,
    tier: Option<String>,
    vault_name: Option<String>,
    vault_deleted: Option<String>,
    app_identity: Option<String>,
    team_role: Option<String>,
    db_server: Option<String>,
    db_database: Option<String>,
    db_username: Option<String>,
    workspace: Option<String>,
    image: Option<String>,
    reason: Option<String>,
}

const NUMBERS: [&str; 6] = ["nodes", "soft_delete_days", "kept_days", "replicas", "port", "lifetime_days"];
const CHOICES: [&str; 2] = ["purge_protection", "insights"];

/// Reads it; `-` is the standard input. What nobody knows is left for the portal to refuse, with what is meant.
pub(crate) fn read(path: &Path) -> Result<Map<String, Value>, Failure> {
    let (text, what) = form::text(path)?;
    parse(&text, &what)
}

fn parse(text: &str, what: &str) -> Result<Map<String, Value>, Failure> {
    let unread = |error| Failure::usage(format!("{what} does not read: {error}"));
    let given: BTreeMap<String, Value> = serde_saphyr::from_str(text).map_err(unread)?;
    let texts: Texts = serde_saphyr::from_str(text).map_err(unread)?;
    let mut document: Map<String, Value> = given
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), typed(&name, value)))
        .collect();
    for (name, text) in texts.all() {
        match text {
            Some(text) if !text.trim().is_empty() => document.insert(name.to_owned(), json!(text)),
            _ => document.remove(name),
        };
    }
    Ok(document)
}

impl Texts {
    fn all(self) -> [(&'static str, Option<String>); 17] {
        [
            ("name", self.name),
            ("team", self.team),
            ("region", self.region),
            ("template", self.template),
            ("node_size", self.node_size),
            ("kubernetes", self.kubernetes),
            ("tier", self.tier),
            ("vault_name", self.vault_name),
            ("vault_deleted", self.vault_deleted),
            ("app_identity", self.app_identity),
            ("team_role", self.team_role),
            ("db_server", self.db_server),
            ("db_database", self.db_database),
            ("db_username", self.db_username),
            ("workspace", self.workspace),
            ("image", self.image),
            ("reason", self.reason),
        ]
    }
}

/// As the form writes it (`yes`, `cost-centre=4711`) or as the document does.
fn typed(name: &str, value: Value) -> Value {
    let Some(text) = value.as_str().map(str::trim) else { return value };
    if NUMBERS.contains(&name) {
        return text.parse::<u32>().map_or(value.clone(), |number| json!(number));
    }
    if CHOICES.contains(&name) {
        return match text {
            "yes" => json!(true),
            "no" => json!(false),
            _ => value,
        };
    }
    if name == "tags" {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let tags: Option<BTreeMap<&str, &str>> =
            pairs.map(|pair| pair.split_once('=').map(|(key, text)| (key.trim(), text.trim()))).collect();
        return tags.map_or(value.clone(), |tags| json!(tags));
    }
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_document_is_taken_as_the_form_writes_it_and_as_the_portal_gives_it() {
        let form =
            "name: ledger\nnodes: 3\nkubernetes: 1.30\npurge_protection: yes\ntags: cost-centre=4711, owner=payments\n";
        let document = "name: ledger\nnodes: '3'\nkubernetes: '1.30'\npurge_protection: true\ntags:\n  cost-centre: '4711'\n  owner: payments\n";
        let wanted = json!({
            "name": "ledger", "nodes": 3, "kubernetes": "1.30", "purge_protection": true,
            "tags": {"cost-centre": "4711", "owner": "payments"},
        });
        assert_eq!(Value::Object(parse(form, "a file").unwrap()), wanted);
        assert_eq!(Value::Object(parse(document, "a file").unwrap()), wanted);
        assert_eq!(parse("nodes: many\n", "a file").unwrap()["nodes"], "many");
        assert!(parse("name: [", "a file").unwrap_err().to_string().starts_with("a file does not read: "));
    }
}
