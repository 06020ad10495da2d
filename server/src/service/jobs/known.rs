//! What a person's word to a job is decided by, as the job's own page shows it.

use crate::store::event::Journal;
use domain::failure::Failure;
use domain::id::RequestId;
use domain::job::{State, Word};
use serde::Serialize;

/// The fields of `domain::view::job::Whole` by which its tag is made, under the same names.
#[derive(Serialize)]
pub(super) struct Known<'a> {
    row: Row,
    failure: Option<&'a Failure>,
    failed_step: Option<&'a str>,
    words: &'a [Word],
    held_by: Option<&'a RequestId>,
}

#[derive(Serialize)]
struct Row {
    state: State,
}

impl Known<'_> {
    pub(super) fn of(journal: &Journal) -> Known<'_> {
        let (job, status) = (&journal.job, &journal.status);
        let failure = status.failure(&job.outline);
        Known {
            row: Row { state: status.state() },
            failure: failure.map(|(_, failure)| failure),
            failed_step: failure.map(|(step, _)| step.key.as_str()),
            words: &status.words,
            held_by: status.held.as_ref().map(|held| &held.request),
        }
    }
}
