//! Puts what a request says into the text of a fault: `{path}`, `{name}`, `{caller}` and so on.
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

use super::Asked;
use crate::arm::{ResourceId, part_after};
use crate::world::World;

/// What is known about a request, by name.
pub(super) struct Facts(BTreeMap<&'static str, String>);

impl Facts {
    pub(super) fn of(world: &World, asked: &Asked<'_>, headers: &HeaderMap) -> Self {
        let id = ResourceId::parse(asked.path);
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        let claims = claims(headers);
        let claim = |name: &str| claims[name].as_str().map(str::to_owned);
        let (sort, verb) = match asked.method {
            "GET" | "HEAD" => ("read", "read"),
            "DELETE" => ("delete", "delete"),
            "POST" => ("write", "action"),
            _ => ("write", "write"),
        };
        let kind = id.as_ref().map(ResourceId::kind).unwrap_or_default();
        let is_vault = asked.host.ends_with(".vault.azure.net");
        let action = match (is_vault, asked.method) {
            (true, "PUT") => "Microsoft.KeyVault/vaults/secrets/setSecret/action".to_owned(),
            (true, "DELETE") => "Microsoft.KeyVault/vaults/secrets/delete".to_owned(),
            (true, _) => "Microsoft.KeyVault/vaults/secrets/getSecret/action".to_owned(),
            (false, _) => format!("{kind}/{verb}"),
        };
        let facts = [
            ("path", asked.path.trim_end_matches('/').to_owned()),
            ("name", (*parts.last().unwrap_or(&"")).to_owned()),
            ("parent", parts.iter().rev().nth(2).copied().unwrap_or_default().to_owned()),
            ("namespace", id.as_ref().map(|id| id.namespace().to_owned()).unwrap_or_default()),
            ("group", part_after(asked.path, "resourcegroups").unwrap_or_default().to_owned()),
            ("kind", kind),
            ("action", action),
            ("sort", sort.to_owned()),
            ("subscription", world.subscription.to_string()),
            ("tenant", world.tenant.to_string()),
            ("caller", claim("upn").or_else(|| claim("appid")).unwrap_or_default()),
            ("object_id", claim("oid").unwrap_or_default()),
            ("vault", asked.host.split('.').next().unwrap_or_default().to_owned()),
            ("secret", part_after(asked.path, "secrets").unwrap_or_default().to_owned()),
            ("now", world.clock.now().to_string()),
            ("id", Uuid::new_v4().to_string()),
        ];
        Self(facts.into())
    }

    /// The text with every name that is known replaced; braces around anything else stay.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let name = rest[1..].split('}').next().unwrap_or_default();
            match self.0.get(name).filter(|_| rest[1 + name.len()..].starts_with('}')) {
                Some(fact) => {
                    filled.push_str(fact);
                    rest = &rest[name.len() + 2..];
                }
                None => {
                    filled.push('{');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The same for every text in a document.
    pub(super) fn fill_all(&self, document: &Value) -> Value {
        match document {
            Value::String(text) => Value::from(self.fill(text)),
            Value::Array(members) => members.iter().map(|member| self.fill_all(member)).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, member)| (name.clone(), self.fill_all(member))).collect())
            }
            other => other.clone(),
        }
    }
}

/// The claims of a bearer token, whoever signed it: they are only told back.
fn claims(headers: &HeaderMap) -> Value {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let payload = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in_and_other_braces_stay() {
        let facts = Facts([("name", "shop".to_owned()), ("group", "rg".to_owned())].into());
        assert_eq!(
            facts.fill("'{name}' in {group}: [{\"a\":{name}}] {unknown} {name"),
            "'shop' in rg: [{\"a\":shop}] {unknown} {name"
        );
    }
}
