//! Every address of the portal's pages and plain posts; links are built here and nowhere else.

mod address;
mod jobs;
mod policies;
mod problems;
mod programs;

use address::{query, segment, with_query};
use domain::account::AccountId;
use domain::id::{DraftId, RequestId};
use domain::notice::About;
use domain::view::audit::Filter;

pub use jobs::*;
pub use policies::*;
pub use problems::*;
pub use programs::*;

/// Sends on to the environments.
pub fn home() -> &'static str {
    "/"
}

/// GET page (`back`, `refused`) and POST (fields `account`, a hint that may be empty, and `back`).
pub fn sign_in() -> &'static str {
    "/sign-in"
}

/// The sign-in page that leads back to where somebody was.
pub fn sign_in_back_to(path: &str) -> String {
    format!("/sign-in?back={}", query(path))
}

/// POST without fields.
pub fn sign_out() -> &'static str {
    "/sign-out"
}

/// POST: fields `theme` (`system`, `light`, `dark`) and `back`.
pub fn appearance() -> &'static str {
    "/appearance"
}

pub fn environments() -> &'static str {
    "/environments"
}

/// The list as a filter leaves it; empty parts are left out.
pub fn environments_where(show: &str, search: &str, team: &str, after: &str) -> String {
    with_query("/environments", &[("show", show), ("q", search), ("team", team), ("after", after)])
}

pub fn environment(name: &str) -> String {
    format!("/environments/{}", segment(name))
}

/// POST without fields: runs the checks again.
pub fn validate(name: &str) -> String {
    format!("/environments/{}/validate", segment(name))
}

/// The form that changes an environment; its answers may stand behind it. `POST` sends them for approval.
pub fn change(name: &str) -> String {
    format!("{}/change", environment(name))
}

/// The same with answers, so that a plan has an address.
pub fn change_with(name: &str, answers: &[(&str, &str)]) -> String {
    with_query(&change(name), answers)
}

/// `POST`: looks now whether it is still as it was approved.
pub fn look(name: &str) -> String {
    format!("{}/look", environment(name))
}

/// `POST`: sends for approval that it be as it was approved again.
pub fn repair(name: &str) -> String {
    format!("{}/repair", environment(name))
}

/// What a removal would do. `POST` with `purge`, `reason` and `digest` sends it for approval.
pub fn destroy(name: &str) -> String {
    format!("{}/destroy", environment(name))
}

/// What stays on Azure where Keystead lets go. `POST` with `reason` and `digest` sends it for approval.
pub fn release(name: &str) -> String {
    format!("{}/release", environment(name))
}

/// The secrets in its vault, without their values. `POST` with `version` and `value` sets the password.
pub fn secrets(name: &str) -> String {
    format!("{}/secrets", environment(name))
}

/// GET page (`draft`, `tried`) and POST: the fields of `domain::form::Form`, `db_password` and `draft`; sends for approval.
/// Wrong answers are kept in the draft, and the answer is a 303 to [`draft`].
pub fn new_environment() -> &'static str {
    "/environments/new"
}

/// POST, the same fields: keeps the draft and goes back to the form at its plan.
pub fn show_plan() -> &'static str {
    "/environments/new/plan"
}

/// POST, the same fields: keeps the draft and goes to the requests.
pub fn keep_draft() -> &'static str {
    "/environments/new/draft"
}

/// POST: field `draft`; drops it and goes to the requests.
pub fn drop_draft() -> &'static str {
    "/environments/new/drop"
}

/// The form with the answers of a draft.
pub fn draft(id: &DraftId) -> String {
    format!("/environments/new?draft={}", query(id.as_str()))
}

pub fn requests() -> &'static str {
    "/requests"
}

pub fn requests_where(show: &str, after: &str) -> String {
    with_query("/requests", &[("show", show), ("after", after)])
}

pub fn request(id: &RequestId) -> String {
    format!("/requests/{}", segment(id.as_str()))
}

/// POST: fields `decision` (`approve`, `changes`, `reject`), `comment`, `digest`, `level`.
pub fn decide(id: &RequestId) -> String {
    format!("/requests/{}/decision", segment(id.as_str()))
}

/// POST without fields.
pub fn withdraw(id: &RequestId) -> String {
    format!("/requests/{}/withdraw", segment(id.as_str()))
}

/// POST: field `comment`.
pub fn comment(id: &RequestId) -> String {
    format!("/requests/{}/comment", segment(id.as_str()))
}

/// POST: fields `to` (an account name) and `until` (a day).
pub fn hand_over() -> &'static str {
    "/approvals/hand-over"
}

/// POST without fields.
pub fn take_back() -> &'static str {
    "/approvals/take-back"
}

/// GET page: who could read the secrets, and who did; fields `at` and `secret` narrow it.
pub fn access(name: &str) -> String {
    format!("{}/access", environment(name))
}

/// GET page: where the caller is signed in.
pub fn sessions() -> &'static str {
    "/sessions"
}

/// POST without fields.
pub fn end_session(id: &str) -> String {
    format!("/sessions/{}/end", segment(id))
}

/// POST without fields: all but the one that asks.
pub fn end_other_sessions() -> &'static str {
    "/sessions/end-others"
}

/// GET page: who has an account.
pub fn people() -> &'static str {
    "/people"
}

/// The list as a filter leaves it; empty parts are left out.
pub fn people_where(show: &str, search: &str, after: &str) -> String {
    with_query("/people", &[("show", show), ("q", search), ("after", after)])
}

/// GET page: what ends where somebody is marked as having left.
pub fn leaving(account: &AccountId) -> String {
    with_query("/people/leaving", &[("account", &account.0)])
}

/// POST: field `account`.
pub fn leave() -> &'static str {
    "/people/leave"
}

/// POST: field `account`.
pub fn come_back() -> &'static str {
    "/people/return"
}

/// POST without fields: the caller becomes the owner of what somebody has left behind.
pub fn take_on(name: &str) -> String {
    format!("{}/take-over", environment(name))
}

/// The inbox.
pub fn approvals() -> &'static str {
    "/approvals"
}

pub fn approvals_after(after: &str) -> String {
    with_query("/approvals", &[("after", after)])
}

/// The record, as a filter leaves it; empty parts are left out.
pub fn audit(filter: &Filter, after: &str) -> String {
    narrowed("/audit", filter, after)
}

/// GET: the same as JSON Lines, to be saved and verified.
pub fn audit_lines(filter: &Filter) -> String {
    narrowed("/audit/record.jsonl", filter, "")
}

/// GET: the same as CSV, to be saved.
pub fn audit_table(filter: &Filter) -> String {
    narrowed("/audit/record.csv", filter, "")
}

/// GET: an archive of everything that proves how an environment came to be, to be saved and verified.
pub fn evidence(name: &str) -> String {
    format!("{}/evidence.zip", environment(name))
}

fn narrowed(path: &str, filter: &Filter, after: &str) -> String {
    let pairs: Vec<(&str, &str)> = filter.pairs().into_iter().chain([("after", after)]).collect();
    with_query(path, &pairs)
}

/// What somebody is told.
pub fn notices() -> &'static str {
    "/notices"
}

pub fn notices_after(after: &str) -> String {
    with_query(notices(), &[("after", after)])
}

/// Where somebody who was told of something looks at it.
pub fn about(about: &About) -> String {
    match about {
        About::Request(id) => request(id),
        About::Job(id) => job(id),
        About::Environment(name) => environment(name),
        About::Approvals => approvals().to_owned(),
    }
}

/// POST: a field for each kind that is to be mailed, named by its key.
pub fn choose_notices() -> &'static str {
    "/notices/choices"
}

/// POST without fields: sends one again that could not be delivered.
pub fn repeat_notice(id: &str) -> String {
    format!("/notices/{}/again", segment(id))
}

/// What the REST API offers, for programs and their authors.
pub fn rest() -> &'static str {
    "/api/docs/"
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::JobId;

    /// Whoever changes an address sees it here, and thinks of those who have kept it.
    #[test]
    fn all_addresses() {
        let job_id = JobId::new("0193-a");
        let request_id = RequestId::new("0193-b");
        let filter = Filter { person: "m&m".into(), from: "2026-11-23".into(), ..Filter::default() };
        let all = [
            home().to_owned(),
            sign_in().to_owned(),
            sign_in_back_to("/jobs/1?a=b"),
            sign_out().to_owned(),
            appearance().to_owned(),
            environments().to_owned(),
            environments_where("mine", "kv checkout", "payments", ""),
            environment("payments-staging"),
            validate("payments-staging"),
            change("payments-staging"),
            change_with("payments-staging", &[("nodes", "3"), ("tier", "")]),
            look("payments-staging"),
            repair("payments-staging"),
            destroy("payments-staging"),
            release("payments-staging"),
            secrets("payments-staging"),
            access("payments-staging"),
            new_environment().to_owned(),
            show_plan().to_owned(),
            keep_draft().to_owned(),
            drop_draft().to_owned(),
            draft(&DraftId::new("0193-c")),
            requests().to_owned(),
            requests_where("mine", "0193"),
            request(&request_id),
            decide(&request_id),
            withdraw(&request_id),
            comment(&request_id),
            hand_over().to_owned(),
            sessions().to_owned(),
            end_session("a/b"),
            end_other_sessions().to_owned(),
            take_back().to_owned(),
            approvals().to_owned(),
            approvals_after("0193"),
            jobs().to_owned(),
            jobs_of("payments-staging", ""),
            job(&job_id),
            cancel(&job_id),
            retry(&job_id),
            roll_back(&job_id),
            take_over(&job_id),
            vault_name(&job_id),
            plan_again(&job_id),
            events(&job_id, 41),
            log(&job_id),
            audit(&Filter::default(), ""),
            audit(&filter, "0193"),
            audit_lines(&filter),
            audit_table(&Filter::default()),
            evidence("payments-staging"),
            notices().to_owned(),
            notices_after("0193"),
            choose_notices().to_owned(),
            repeat_notice("0193-d"),
            policies().to_owned(),
            new_policy().to_owned(),
            policy("production"),
            policy_version("production", 2, 30),
            switch_policy("production", Some(1), Some(2)),
            switch_policy("production", Some(2), None),
            tokens_after("payments", "0193"),
            token("0193-e"),
            revoke_token("0193-e"),
            webhooks_after("", ""),
            webhook("0193-f"),
            webhook_after("0193-f", "0193"),
            switch_webhook("0193-f"),
            remove_webhook("0193-f"),
            rotate_secret("0193-f"),
            test_webhook("0193-f"),
            redeliver("0193-f", "0193-g"),
            rest().to_owned(),
            problems().to_owned(),
            problem("not-found"),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_an_address_carries_cannot_leave_its_place() {
        assert_eq!(environment("../jobs?x#y"), "/environments/..%2Fjobs%3Fx%23y");
        assert_eq!(environments_where("", "a&b=c", "", ""), "/environments?q=a%26b%3Dc");
        assert_eq!(request(&RequestId::new("ü")), "/requests/%C3%BC");
    }
}
