//! A value that another step will know: decided once, whether it prints as the value or as when it will be known.

use serde::{Serialize, Serializer};

/// The output of a need, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference<T> {
    Known(T),
    /// Known after the step of this key.
    After(&'static str),
}

impl<T> Reference<T> {
    /// A part of it: `cluster.get(|made| made.kubelet_object_id.clone())`.
    pub fn get<U>(&self, part: impl FnOnce(&T) -> U) -> Reference<U> {
        match self {
            Reference::Known(value) => Reference::Known(part(value)),
            Reference::After(step) => Reference::After(step),
        }
    }

    pub fn known(&self) -> Option<&T> {
        match self {
            Reference::Known(value) => Some(value),
            Reference::After(_) => None,
        }
    }
}

impl<T: Serialize> Serialize for Reference<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reference::Known(value) => value.serialize(serializer),
            Reference::After(step) => serializer.serialize_str(&format!("known after {step}")),
        }
    }
}
