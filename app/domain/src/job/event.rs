//! What a job's log says: each thing decided or done once, in order; everything shown of a job is folded from it.

use crate::failure::Failure;
use crate::id::RequestId;
use crate::moment::Moment;
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

/// An event at its position in one job's log; positions begin at 1 and have no gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub position: i64,
    pub at: Moment,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step's work begins (again).
    Started {
        step: String,
    },
    /// Azure took the order and thinks; `operation` is enough to go on polling after a crash.
    Asked {
        step: String,
        operation: serde_json::Value,
        look_again: Moment,
    },
    /// The step tries again at `until`: a role on its way, a throttled call, a pod not ready.
    Waits {
        step: String,
        until: Moment,
        why: String,
    },
    Succeeded {
        step: String,
        output: serde_json::Value,
    },
    /// A person is needed.
    Failed {
        step: String,
        failure: Failure,
    },
    UndoStarted {
        step: String,
    },
    UndoAsked {
        step: String,
        operation: serde_json::Value,
        look_again: Moment,
    },
    UndoWaits {
        step: String,
        until: Moment,
        why: String,
    },
    Undone {
        step: String,
    },
    UndoFailed {
        step: String,
        failure: Failure,
    },
    /// A person's word, by account name; logs from before reasons were kept have none.
    CancelAsked {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Reason>,
    },
    RetryAsked {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Reason>,
    },
    /// What a succeeded step wrote has changed (a password typed anew): it begins again.
    Redo {
        step: String,
        by: String,
    },
    RollBackAsked {
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Reason>,
    },
    /// Taken from a worker that hangs: from this entry on it writes nothing, and another goes on once its lease has lapsed.
    TakenOver {
        by: String,
        why: Reason,
    },
    /// The plan changed (another vault name): nothing runs before the approver of that request has decided.
    Held {
        request: RequestId,
        by: String,
        why: String,
    },
    /// The changed plan was approved; the wish now is the one kept with the job.
    Released {
        by: String,
    },
    /// A later job of the same environment took over what this one left.
    Replaced {
        by: String,
    },
    /// The changed plan was rejected, withdrawn or left to expire: the job is where it stopped.
    Refused {
        by: String,
        why: String,
    },
}
