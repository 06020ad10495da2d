//! Documents in text columns: how domain values become JSON text and are read back.

use super::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|error| Error::Database(format!("a {} does not fit a document: {error}", std::any::type_name::<T>())))
}

pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Database(format!("a stored {} does not read: {error}", std::any::type_name::<T>())))
}

/// A stored word of a closed list, by the list's own `of_key`.
pub fn word<T>(key: &str, of_key: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    of_key(key)
        .ok_or_else(|| Error::Database(format!("the stored word {key:?} is none of {}", std::any::type_name::<T>())))
}
