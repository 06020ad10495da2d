//! Refuses a query in the words of Kusto, or by the name of what this part of the language leaves out.

/// Which of Kusto's two kinds of mistake it is, or ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::log_analytics) enum Reason {
    /// The text is no query.
    Syntax,
    /// A name or a type does not fit.
    Semantic,
    /// Kusto has it and this simulator does not.
    Unsupported,
}

/// Why a query was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::log_analytics) struct Refusal {
    pub(in crate::log_analytics) reason: Reason,
    /// Kusto's own code: `SYN0002`, `SEM0100` …
    pub(in crate::log_analytics) code: &'static str,
    pub(in crate::log_analytics) message: String,
}

impl Refusal {
    pub(super) fn syntax(near: &str, line: usize, column: usize) -> Self {
        let message = format!("Query could not be parsed at '{near}' on line [{line},{column}]");
        Self { reason: Reason::Syntax, code: "SYN0002", message }
    }

    pub(super) fn semantic(message: impl Into<String>) -> Self {
        Self { reason: Reason::Semantic, code: "SEM0100", message: message.into() }
    }

    pub(super) fn no_table(name: &str) -> Self {
        Self::semantic(format!("Failed to resolve table or column expression named '{name}'"))
    }

    pub(super) fn no_column(name: &str) -> Self {
        Self::semantic(format!("Failed to resolve scalar expression named '{name}'"))
    }

    /// `what` is named with its kind: `the operator 'join'`.
    pub(super) fn unsupported(what: &str) -> Self {
        let message = format!("{what} is not supported by this simulated service");
        Self { reason: Reason::Unsupported, code: "UnsupportedOperator", message }
    }
}
