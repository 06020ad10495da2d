//! A check's verdict about a running environment, with evidence, and with cause and remedy where it did not pass.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Passed,
    Failed,
    /// It could not be asked or has not been recorded yet; never counted as passed.
    CouldNotTell,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "Passed",
            Verdict::Failed => "Failed",
            Verdict::CouldNotTell => "Could not tell",
        }
    }
}

/// What one check found in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = CheckResult))]
pub struct Result {
    /// `node-identities`.
    pub check: String,
    /// "Node identities are unambiguous".
    pub title: String,
    pub verdict: Verdict,
    /// One line: "2 found, 1 expected".
    pub summary: String,
    /// Label and value, as they were read.
    pub evidence: Vec<(String, String)>,
    /// Azure's or the app's own words where they matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    pub took_ms: i64,
}

/// How many of each verdict: failed, could not tell, passed.
pub fn count(results: &[Result]) -> (usize, usize, usize) {
    let of = |verdict| results.iter().filter(|result| result.verdict == verdict).count();
    (of(Verdict::Failed), of(Verdict::CouldNotTell), of(Verdict::Passed))
}
