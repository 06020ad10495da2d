//! Azure's refusals as a step's: which are tried again, and for the others the cause and the remedy in words.

#[cfg(test)]
mod known;
mod table;

use super::step::StepError;
use azure::{Error, Kind};
use domain::failure::{Failure, Mend};
use std::time::Duration;
use table::{Class, Row, Story, TABLE};

/// What an answer means for a step: tried again, or a person is needed.
pub fn step_error(error: &Error) -> StepError {
    let words =
        Words { status: error.status(), code: error.code(), inner: error.inner_code(), message: error.message() };
    match error.kind() {
        // Not even sent: Azure has told others of the subscription already.
        Kind::Throttled { after } if error.status().is_none() => StepError::after(after, error.message().to_owned()),
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
    fn fit(&self, row: &Row) -> bool {
        let is = row.code.is_empty() || self.is(row.code);
        let hidden = || self.is("InvalidPayload") && self.message.contains(row.code);
        (is || hidden()) && self.say(row.says)
    }

    fn say(&self, texts: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        texts.iter().all(|text| message.contains(text))
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
    let told = |story: Story| failure(story.title, Some(words.quote()), story.cause, story.remedy, story.mend);
    match TABLE.iter().find(|row| words.fit(row)).map(|row| row.class) {
        Some(Class::Passes(why)) => StepError::Retry { after, why: format!("{}: {why}", words.brief()) },
        Some(Class::Person(story)) => StepError::Person { failure: told(story) },
        Some(Class::Refused(story)) => StepError::Fail { failure: told(story) },
        None => StepError::Fail { failure: told(UNKNOWN) },
    }
}

const UNKNOWN: Story = Story {
    title: "Azure refused it",
    cause: "Nothing is known of this refusal but Azure's own answer.",
    remedy: "Change what it names, then retry; or roll back and ask for something else.",
    mend: None,
};

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

    /// Each row as Azure would answer: by its code, with the words that it looks for.
    #[test]
    fn every_row_is_read_as_what_it_is() {
        for row in TABLE {
            let code = if row.code.is_empty() { "BadRequest" } else { row.code };
            let message = row.says.join(" and ");
            match (row.class, answered(400, code, &message)) {
                (Class::Passes(why), StepError::Retry { why: said, .. }) => {
                    assert_eq!(said, format!("400 {code}: {why}"));
                }
                (Class::Person(story), StepError::Person { failure })
                | (Class::Refused(story), StepError::Fail { failure }) => {
                    assert_eq!((failure.title.as_str(), failure.mend), (story.title, story.mend));
                    assert_eq!(failure.quote, Some(format!("HTTP 400 {code}: {message}")));
                    assert!(failure.cause.ends_with('.') && failure.remedy.ends_with('.'), "{code}");
                }
                (class, read) => panic!("{code} is {class:?}, and read as {read:?}"),
            }
        }
    }

    /// What Microsoft's pages and others have seen, as it is answered: status, code, and words that matter.
    #[test]
    fn every_refusal_that_is_known_has_its_row() {
        const PASSES: &[(u16, &str, &str)] = &[
            (409, "OperationNotAllowed", "there's an in progress PutExtensionAddonHandler.PUT operation"),
            (409, "EtagMismatch", "The eTag provided in the request does not match"),
            (409, "ResourceGroupBeingDeleted", ""),
            (400, "PrincipalNotFound", ""),
            (409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace"),
            (404, "ResourceGroupNotFound", ""),
            (409, "ObjectIsBeingDeleted", "Secret is currently being deleted."),
            (401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now."),
            (401, "Unauthorized", "AKV10046: Token is expired."),
            (401, "AADSTS70021", "No matching federated identity record found"),
        ];
        const STOPS: &[(u16, &str, &str, &str)] = &[
            (403, "AuthorizationFailed", "does not have authorization", "Keystead may not do this"),
            (400, "RoleAssignmentUpdateNotPermitted", "", "the assignment is another one"),
            (409, "RoleAssignmentExists", "", "the right is given already under another name"),
            (409, "ScopeLocked", "", "a lock refused it"),
            (409, "ReadOnlyDisabledSubscription", "", "the subscription is read-only"),
            (404, "SubscriptionNotFound", "", "the subscription is not there"),
            (400, "ManagedClusterCountExceedsQuotaLimit", "exceeds quota limit 100", "there are too many clusters"),
            (400, "BadRequest", "exceeding approved Total Regional Cores quota", "the quota of cores is used up"),
            (400, "BadRequest", "The VM size of X is not allowed", "the node size is not to be had"),
            (401, "InvalidAuthenticationTokenTenant", "", "the token is of another tenant"),
            (401, "AADSTS700213", "", "the directory does not know the subject"),
            (403, "ForbiddenByFirewall", "", "the vault's firewall refused it"),
            (403, "SecretDisabled", "", "the secret is disabled"),
            (409, "ObjectIsDeletedButRecoverable", "", "a deleted secret holds its name"),
            (401, "Unauthorized", "AKV10022: Invalid audience.", "it does not accept the token"),
            (200, "UpgradeFailed", "Drain node aks failed when evicting pod", "a node could not be drained"),
        ];
        for (status, code, message) in PASSES {
            assert!(matches!(answered(*status, code, message), StepError::Retry { .. }), "{code} {message}");
        }
        for (status, code, message, title) in STOPS {
            match answered(*status, code, message) {
                StepError::Person { failure } | StepError::Fail { failure } => assert_eq!(failure.title, *title),
                StepError::Retry { why, .. } => panic!("{code} is tried again: {why}"),
            }
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
