//! Identifiers of what the portal keeps: opaque text (UUIDs of version 7, made above this crate), one type a noun.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whether it names anything is the store's to say.
            pub fn new(text: impl Into<String>) -> Self { Self(text.into()) }
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )+};
}

id! {
    /// Of an environment; its name is unique only while it is held.
    EnvironmentId,
    /// Of a request, from draft to decision.
    RequestId,
    /// Of a job.
    JobId,
    /// Of a form that is still being filled.
    DraftId,
    /// Of one run of the checks.
    ValidationId,
    /// Of a plan that was made and is not sent yet.
    PlanId,
}
