//! The plan: what an approval permits, resource by resource, in the order in which it will happen.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Plan {
    pub lines: Vec<Line>,
    /// What the approval permits, in sentences.
    pub permits: Vec<String>,
    pub findings: Vec<Finding>,
}

/// One resource and what will be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Line {
    /// Key of the step that does it.
    pub step: String,
    pub verb: Verb,
    /// `kv-payments-staging`, or a role's name.
    pub name: String,
    /// `Key Vault`, `Role assignment`.
    pub kind: String,
    /// What matters about it: "RBAC mode, soft delete 90 days".
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Create,
    Change,
    Keep,
    Delete,
}

/// Something the plan's reader should know before sending or approving.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Finding {
    pub weight: Weight,
    /// The field that answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The request cannot be sent like this.
    Deny,
    /// It can, but somebody should know.
    Warn,
}

impl Plan {
    pub fn denied(&self) -> bool {
        self.findings.iter().any(|finding| finding.weight == Weight::Deny)
    }

    pub fn count(&self, verb: Verb) -> usize {
        self.lines.iter().filter(|line| line.verb == verb).count()
    }

    /// Eight hexadecimal digits in two groups over what the plan does and permits: `9f3c 21ab`.
    pub fn digest(&self) -> String {
        let text = serde_json::to_vec(&(&self.lines, &self.permits)).unwrap_or_default();
        let hex = hex::encode(Sha256::digest(text));
        format!("{} {}", &hex[..4], &hex[4..8])
    }
}
