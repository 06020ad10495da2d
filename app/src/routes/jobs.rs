//! Addresses of jobs.

use super::address::{segment, with_query};
use domain::id::JobId;

pub fn jobs() -> &'static str {
    "/jobs"
}

/// Jobs of one environment, or of all where the name is empty.
pub fn jobs_of(environment: &str, after: &str) -> String {
    with_query("/jobs", &[("environment", environment), ("after", after)])
}

/// The job's page with the lines of its log below a number, and of one step where it is not empty.
pub fn log_before(id: &JobId, number: i64, step: &str) -> String {
    with_query(&job(id), &[("before", &number.to_string()), ("step", step)])
}

pub fn job(id: &JobId) -> String {
    format!("/jobs/{}", segment(id.as_str()))
}

/// POST: field `reason`.
pub fn cancel(id: &JobId) -> String {
    format!("/jobs/{}/cancel", segment(id.as_str()))
}

/// POST: field `password`, where another one is the remedy; empty means none. `reason` may be empty.
pub fn retry(id: &JobId) -> String {
    format!("/jobs/{}/retry", segment(id.as_str()))
}

/// POST: field `reason`.
pub fn roll_back(id: &JobId) -> String {
    format!("/jobs/{}/roll-back", segment(id.as_str()))
}

/// POST: field `reason`; takes it from a worker that hangs.
pub fn take_over(id: &JobId) -> String {
    format!("{}/take-over", job(id))
}

/// POST: field `vault_name`; leads to the request that goes back to the approver.
pub fn vault_name(id: &JobId) -> String {
    format!("/jobs/{}/vault-name", segment(id.as_str()))
}

/// `POST`: sends the plan of a stopped job back to its approver, as it is now.
pub fn plan_again(id: &JobId) -> String {
    format!("{}/plan", job(id))
}

/// GET: server-sent events `now` (`view::job::Whole`), `line` (`view::job::Line`, its number as event id) and `end`;
/// lines above `after`, or above `Last-Event-ID` where the browser sends one.
pub fn events(id: &JobId, after: i64) -> String {
    format!("/jobs/{}/events?after={after}", segment(id.as_str()))
}

/// GET: the whole log as plain text, to be saved.
pub fn log(id: &JobId) -> String {
    format!("/jobs/{}/log.txt", segment(id.as_str()))
}
