//! Finds the value of a field that a rule names: `location`, `tags['team']`, or an alias like
//! `Microsoft.KeyVault/vaults/sku.name`, which leads into `properties` or, where nothing is there, beside them.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A document, seen by rules.
pub(super) struct Sight<'a> {
    document: &'a Value,
    given: BTreeMap<String, Value>,
    unknown: BTreeSet<String>,
}

/// What a rule sees of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Seen {
    /// Nobody knows yet.
    Unknown,
    /// One value; `Null` where there is none.
    One(Value),
    /// Every member of a list.
    Each(Vec<Value>),
}

impl<'a> Sight<'a> {
    /// A document with everything known.
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document, given: BTreeMap::new(), unknown: BTreeSet::new() }
    }

    /// The same where those fields are not known yet.
    pub(super) fn without(document: &'a Value, unknown: impl IntoIterator<Item = String>) -> Self {
        Self { unknown: unknown.into_iter().map(|field| field.to_ascii_lowercase()).collect(), ..Self::of(document) }
    }

    /// The same with a value for one field.
    pub(super) fn with(mut self, field: &str, value: Value) -> Self {
        self.unknown.remove(&field.to_ascii_lowercase());
        self.given.insert(field.to_ascii_lowercase(), value);
        self
    }

    /// The document.
    pub(super) fn document(&self) -> &'a Value {
        self.document
    }

    /// The value of a field.
    pub(super) fn see(&self, field: &str) -> Seen {
        let key = field.to_ascii_lowercase();
        if let Some(value) = self.given.get(&key) {
            return Seen::One(value.clone());
        }
        if self.unknown.contains(&key) {
            return Seen::Unknown;
        }
        let text = |name: &str| self.document[name].as_str().unwrap_or_default();
        if let Some(tag) = tag(field) {
            return Seen::One(member(&self.document["tags"], tag));
        }
        match key.as_str() {
            "fullname" => Seen::One(Value::from(full_name(text("id")))),
            "name" | "type" | "location" | "kind" | "id" | "tags" | "sku.name" | "sku.tier" | "identity.type" => {
                path(self.document, &key)
            }
            _ => {
                let prefix = format!("{}/", text("type").to_ascii_lowercase());
                match key.starts_with(&prefix) {
                    true => self.alias(&field[prefix.len()..]),
                    // The alias of another type: this resource has no such field.
                    false => Seen::One(Value::Null),
                }
            }
        }
    }

    fn alias(&self, at: &str) -> Seen {
        match path(&self.document["properties"], at) {
            Seen::One(Value::Null) => path(self.document, at),
            seen => seen,
        }
    }
}

/// The name of a tag in `tags.x`, `tags['x']` or `tags[x]`.
fn tag(field: &str) -> Option<&str> {
    let rest = field.get(..4).filter(|begin| begin.eq_ignore_ascii_case("tags")).and_then(|_| field.get(4..))?;
    match rest.strip_prefix('.') {
        Some(name) => Some(name),
        None => Some(rest.strip_prefix('[')?.strip_suffix(']')?.trim_matches('\'')),
    }
}

/// The names along a resource id: `vault/secret` for a child.
fn full_name(id: &str) -> String {
    crate::arm::ResourceId::parse(id).map(|id| id.names().join("/")).unwrap_or_default()
}

/// A member in any case of letters.
fn member(object: &Value, name: &str) -> Value {
    let members = object.as_object().into_iter().flatten();
    members
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.clone())
        .unwrap_or_default()
}

/// Follows a path with dots and slashes between names, and `[*]` for every member of a list.
fn path(from: &Value, at: &str) -> Seen {
    let mut here = vec![from.clone()];
    let mut each = false;
    for part in at.split(['.', '/']) {
        let (name, all) = part.strip_suffix("[*]").map_or((part, false), |name| (name, true));
        here = here.iter().map(|one| member(one, name)).collect();
        if all {
            each = true;
            here = here.into_iter().filter_map(|one| one.as_array().cloned()).flatten().collect();
        }
    }
    if each {
        return Seen::Each(here);
    }
    Seen::One(here.into_iter().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_lead_to_values_in_any_case_of_letters() {
        let document = json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things/t", "type": "Microsoft.X/things",
            "location": "westeurope", "tags": {"Team": "shop"}, "sku": {"tier": "Free"},
            "properties": {"sku": {"name": "standard"}, "pools": [{"vmSize": "a"}, {"vmSize": "b"}]},
        });
        let sight = Sight::of(&document);
        for (field, expected) in [
            ("Location", Seen::One(json!("westeurope"))),
            ("tags['team']", Seen::One(json!("shop"))),
            ("tags.team", Seen::One(json!("shop"))),
            ("tags[owner]", Seen::One(Value::Null)),
            ("fullName", Seen::One(json!("t"))),
            ("microsoft.x/things/SKU.name", Seen::One(json!("standard"))),
            ("Microsoft.X/things/sku.tier", Seen::One(json!("Free"))),
            ("Microsoft.X/things/pools[*].vmSize", Seen::Each(vec![json!("a"), json!("b")])),
            ("Microsoft.Y/others/sku.name", Seen::One(Value::Null)),
        ] {
            assert_eq!(sight.see(field), expected, "{field}");
        }
    }
}
