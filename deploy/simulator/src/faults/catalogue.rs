//! The faults that Azure is known for, by name: every row of the tables of errors that clients have to cope with.
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Fault;

/// One known fault.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name, for example `vault-name-deleted`.
    pub name: String,
    /// What would bring it about.
    pub when: String,
    /// What it does.
    pub fault: Fault,
}

/// Every known fault.
pub static CATALOGUE: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let files = [
        include_str!("catalogue/resource_manager.toml"),
        include_str!("catalogue/aks.toml"),
        include_str!("catalogue/vault.toml"),
        include_str!("catalogue/entra.toml"),
    ];
    // A test reads them all: a file that cannot be read does not get this far.
    files.iter().flat_map(|file| read(file).unwrap_or_default()).collect()
});

#[derive(Deserialize)]
struct File {
    fault: Vec<toml::Table>,
}

fn read(text: &str) -> Result<Vec<Known>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let each = file.fault.into_iter().map(|mut row| {
        let mut text = |name: &str| row.remove(name).and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default();
        let (name, when) = (text("name"), text("when"));
        Ok(Known { name, when, fault: row.try_into()? })
    });
    each.collect()
}

/// The known fault of that name.
pub fn named(name: &str) -> Option<Fault> {
    CATALOGUE.iter().find(|known| known.name == name).map(|known| known.fault.clone())
}

/// The fault that a request to the control routes means: a known one by `named`, with what else is said laid over it.
pub fn meant(asked: &Value) -> Result<Fault, String> {
    let mut asked = asked.clone();
    let name = asked.as_object_mut().and_then(|asked| asked.remove("named"));
    let mut whole = match name.as_ref().and_then(Value::as_str) {
        Some(name) => {
            let known =
                named(name).ok_or_else(|| format!("there is no fault named {name}; see GET /faults/catalogue"))?;
            serde_json::to_value(known).map_err(|error| error.to_string())?
        }
        None => json!({}),
    };
    crate::arm::merge(&mut whole, &asked);
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

impl Known {
    /// The row as the control routes list it: without what it leaves open.
    pub fn shown(&self) -> Value {
        let mut shown = json!({"name": self.name, "when": self.when});
        if let (Some(shown), Ok(Value::Object(fault))) = (shown.as_object_mut(), serde_json::to_value(&self.fault)) {
            let says = |value: &Value| match value {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(members) => !members.is_empty(),
                Value::Object(members) => !members.is_empty(),
                Value::Number(number) => number.as_u64() != Some(0),
                Value::Bool(true) => true,
            };
            shown.extend(fault.into_iter().filter(|(_, value)| says(value)));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_can_be_read_and_has_a_name_of_its_own() {
        for file in [
            include_str!("catalogue/resource_manager.toml"),
            include_str!("catalogue/aks.toml"),
            include_str!("catalogue/vault.toml"),
            include_str!("catalogue/entra.toml"),
        ] {
            assert!(!read(file).unwrap().is_empty());
        }
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|known| known.name.as_str()).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(CATALOGUE.iter().all(|known| !known.name.is_empty() && !known.when.is_empty()));
    }

    #[test]
    fn a_known_fault_can_be_narrowed() {
        let fault = meant(&json!({"named": "vault-throttled", "times": 3, "host": "kv-one.vault.azure.net"})).unwrap();
        assert_eq!((fault.status, fault.times, fault.host.as_deref()), (Some(429), 3, Some("kv-one.vault.azure.net")));
        assert!(meant(&json!({"named": "no-such"})).is_err());
        assert!(meant(&json!({"staus": 500})).is_err());
    }
}
