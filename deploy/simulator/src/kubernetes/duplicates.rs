//! Finds the fields that are given twice in one object of a JSON text, which a plain reader passes over.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The paths of all fields that are given more than once (`spec.containers[0].image`); none where the text is no JSON.
pub fn of(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let seek = Seek { path: String::new(), found: &mut found };
    match seek.deserialize(&mut serde_json::Deserializer::from_slice(text)) {
        Ok(()) => found,
        // Others say better what is wrong with it.
        Err(_) => Vec::new(),
    }
}

struct Seek<'a> {
    path: String,
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut times: HashMap<String, usize> = HashMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { name.clone() } else { format!("{}.{name}", self.path) };
            let times = times.entry(name).or_default();
            *times += 1;
            if *times == 2 {
                self.found.push(path.clone());
            }
            map.next_value_seed(Seek { path, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while list.next_element_seed(Seek { path: format!("{}[{at}]", self.path), found: self.found })?.is_some() {
            at += 1;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_given_twice_is_named_once() {
        let text = br#"{"a": 1, "spec": {"b": [{"c": null, "c": true, "c": "x"}, {"c": 2.5}], "d": -1}, "a": {}}"#;
        assert_eq!(of(text), ["spec.b[0].c", "a"]);
        assert!(of(b"{\"a\": 1, \"a\": ").is_empty());
    }
}
