//! The one table of Azure's refusals: which are tried again, and for the others the cause and the remedy in words.
//!
//! Codes and texts are those that Microsoft's documentation and public issues show; each row that a step can meet is a
//! test of its own.

use super::step::StepError;
use azure::{Error, Kind};
use domain::failure::{Failure, Mend};
use std::time::Duration;

/// Codes that pass by themselves, with what is going on.
const PASSING: &[(&str, &str)] = &[
    ("OperationNotAllowed", "another operation is in progress"),
    ("AnotherOperationInProgress", "another operation is in progress"),
    ("EtagMismatch", "somebody else changed it in the same moment"),
    ("ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity", "another credential is being written"),
    ("ResourceGroupBeingDeleted", "a resource group of this name is still being deleted"),
    ("PrincipalNotFound", "the new identity has not reached the directory everywhere"),
    ("InvalidOutputTable", "the tables of the new workspace are not there yet"),
    ("ResourceNotFound", "what was just made is not visible everywhere"),
    ("ParentResourceNotFound", "what was just made is not visible everywhere"),
    ("MissingSubscriptionRegistration", "the resource provider is still being registered"),
    ("ObjectIsBeingDeleted", "it is still being deleted"),
];

/// Codes that need a person: title (after the thing's name), cause, remedy.
const FINAL: &[(&str, &str, &str, &str)] = &[
    (
        "AuthorizationFailed",
        "Keystead may not do this",
        "Keystead's own identity has no role that permits this here, or the role has not arrived yet.",
        "Give Keystead's identity Contributor and Role Based Access Control Administrator on the subscription, then retry.",
    ),
    (
        "LinkedAuthorizationFailed",
        "Keystead may not use what it refers to",
        "Keystead's own identity has no right on a resource that this one refers to.",
        "Give Keystead's identity the named action on the linked resource, then retry.",
    ),
    (
        "VaultNameNotValid",
        "its name is not allowed",
        "Azure does not accept the vault's name.",
        "Give the vault another name; the approver is asked again, because the plan changes.",
    ),
    (
        "RequestDisallowedByPolicy",
        "a policy of the subscription refused it",
        "A policy assigned to this subscription or resource group forbids what was asked for.",
        "Ask for something that the policy allows, or ask its owner for an exemption, then retry.",
    ),
    (
        "ScopeLocked",
        "a lock refused it",
        "A management lock on the resource or above it forbids this change.",
        "Have the lock removed by its owner, then retry.",
    ),
    (
        "ReadOnlyDisabledSubscription",
        "the subscription is read-only",
        "The subscription is disabled and takes no changes.",
        "Have the subscription enabled again by its owner, then retry.",
    ),
    (
        "ErrCode_InsufficientVCPUQuota",
        "the quota of cores is used up",
        "The region has too few free cores of this node size's family for the nodes and one surge node.",
        "End an environment that is no longer needed or ask Azure for more quota, then retry.",
    ),
    (
        "SkuNotAvailable",
        "the node size is not to be had",
        "Azure has no capacity of this node size in the region, or the subscription may not use it.",
        "Roll back and ask for another node size or region.",
    ),
    (
        "ManagedClusterCountExceedsQuotaLimit",
        "there are too many clusters",
        "The subscription has reached its number of clusters in this region.",
        "End an environment that is no longer needed, then retry.",
    ),
    (
        "ImagePullBackOff",
        "its image cannot be pulled",
        "The registry does not have the image, or does not give it to the cluster's nodes.",
        "Push the image under the name that was asked for and check that the nodes may pull it, then retry.",
    ),
];

/// What an answer means for a step: tried again, or a person is needed.
pub fn step_error(error: &Error) -> StepError {
    let words =
        Words { status: error.status(), code: error.code(), inner: error.inner_code(), message: error.message() };
    match error.kind() {
        Kind::Throttled { after } => StepError::after(after, format!("{}: Azure asks to wait", words.brief())),
        Kind::Unreachable => {
            StepError::Retry { after: error.retry_after(), why: format!("{}: no answer that counts", words.brief()) }
        }
        _ => read(&words, error.retry_after()),
    }
}

/// The same for an operation that Azure began and gave up.
pub fn given_up(code: &str, message: &str) -> StepError {
    read(&Words { status: None, code, inner: None, message }, None)
}

/// Azure's words about what it refused.
struct Words<'a> {
    status: Option<u16>,
    code: &'a str,
    inner: Option<&'a str>,
    message: &'a str,
}

impl Words<'_> {
    fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code) || self.inner.is_some_and(|inner| inner.eq_ignore_ascii_case(code))
    }

    /// By its code, or where Azure hides the code in the message of a broader one (`InvalidPayload`).
    fn means(&self, code: &str) -> bool {
        self.is(code) || (self.is("InvalidPayload") && self.message.contains(code))
    }

    fn says(&self, text: &str) -> bool {
        self.message.to_lowercase().contains(text)
    }

    /// `429 TooManyRequests`.
    fn brief(&self) -> String {
        let code = self.inner.unwrap_or(self.code);
        self.status.map_or_else(|| code.to_owned(), |status| format!("{status} {code}"))
    }

    /// `HTTP 409 VaultAlreadyExists: The vault name …`, Azure's words unchanged.
    fn quote(&self) -> String {
        let http = if self.status.is_some() { "HTTP " } else { "" };
        format!("{http}{}: {}", self.brief(), self.message)
    }
}

fn read(words: &Words<'_>, after: Option<Duration>) -> StepError {
    let row = |code: &str| FINAL.iter().find(|row| row.0.eq_ignore_ascii_case(code));
    let person = |title: &str, cause: &str, remedy: &str, mend| StepError::Person {
        failure: failure(title, Some(words.quote()), cause, remedy, mend),
    };
    if words.is("VaultAlreadyExists") {
        return person(
            "its name is held",
            "Vault names are unique in all of Azure, and somebody took this one after the plan was made.",
            "Give the vault another name; the approver is asked again, because the plan changes. Or wait until the name is free, and retry.",
            Some(Mend::VaultName),
        );
    }
    if words.is("ConflictError") && words.says("deleted state") {
        return person(
            "a deleted vault holds its name",
            "A vault of this name was deleted and can still be recovered; until it is purged its name is held.",
            "Give the vault another name; the approver is asked again, because the plan changes. Or have the deleted vault purged, and retry.",
            Some(Mend::VaultName),
        );
    }
    let special = if words.says("quota") {
        row("ErrCode_InsufficientVCPUQuota")
    } else if words.says("vm size of") && words.says("not allowed") {
        row("SkuNotAvailable")
    } else {
        None
    };
    if special.is_none()
        && let Some((_, why)) = PASSING.iter().find(|(code, _)| words.means(code))
    {
        return StepError::Retry { after, why: format!("{}: {why}", words.brief()) };
    }
    let known = special.or_else(|| FINAL.iter().find(|row| words.is(row.0)));
    match known {
        Some((_, title, cause, remedy)) => person(title, cause, remedy, None),
        None => StepError::Fail { failure: failure(UNKNOWN.0, Some(words.quote()), UNKNOWN.1, UNKNOWN.2, None) },
    }
}

const UNKNOWN: (&str, &str, &str) = (
    "Azure refused it",
    "Azure's answer above is all that is known.",
    "Change what it names, then retry; or roll back and ask for something else.",
);

/// A failure whose title goes on after the step's own: "Vault: its name is held".
pub fn failure(title: &str, quote: Option<String>, cause: &str, remedy: &str, mend: Option<Mend>) -> Failure {
    Failure { title: title.to_owned(), quote, cause: cause.to_owned(), remedy: remedy.to_owned(), mend }
}

/// `HTTP 409 VaultAlreadyExists: The vault name …`, Azure's words unchanged.
pub fn quote(error: &Error) -> String {
    Words { status: error.status(), code: error.code(), inner: error.inner_code(), message: error.message() }.quote()
}

/// `403 ForbiddenByRbac`, for a line of the log.
pub fn brief(error: &Error) -> String {
    Words { status: error.status(), code: error.code(), inner: error.inner_code(), message: error.message() }.brief()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str, message: &str) -> StepError {
        read(&Words { status: Some(status), code, inner: None, message }, None)
    }

    #[test]
    fn every_passing_code_is_tried_again() {
        for (code, why) in PASSING {
            let StepError::Retry { why: said, .. } = answered(409, code, "") else {
                panic!("{code} is not tried again")
            };
            assert_eq!(said, format!("409 {code}: {why}"));
        }
    }

    #[test]
    fn every_final_code_names_cause_and_remedy() {
        for (code, title, ..) in FINAL {
            let StepError::Person { failure } = answered(403, code, "no") else { panic!("{code} asks nobody") };
            assert_eq!(failure.title, *title);
            assert_eq!(failure.quote.as_deref(), Some(format!("HTTP 403 {code}: no").as_str()));
            assert!(failure.cause.ends_with('.') && failure.remedy.ends_with('.'));
        }
    }

    #[test]
    fn words_beside_a_code_decide_where_the_code_means_two_things() {
        let quota = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.";
        let StepError::Person { failure } = answered(409, "OperationNotAllowed", quota) else { panic!("not a person") };
        assert_eq!(failure.title, "the quota of cores is used up");
        let busy = "Operation is not allowed: Another operation (nodes - Updating) is in progress";
        assert!(matches!(answered(409, "OperationNotAllowed", busy), StepError::Retry { .. }));
        let held = "A vault with the same name already exists in deleted state.";
        let StepError::Person { failure } = answered(409, "ConflictError", held) else { panic!("not a person") };
        assert_eq!(failure.mend, Some(Mend::VaultName));
        let fresh = "Data collection rule is invalid InvalidOutputTable: Table for output stream is not available.";
        assert!(matches!(answered(400, "InvalidPayload", fresh), StepError::Retry { .. }));
        assert!(matches!(answered(400, "SomethingNew", "?"), StepError::Fail { .. }));
    }
}
