//! What `/readyz` says: who we are, which secrets we use, whether the database lets us in, and if not, why.
//!
//! ```json
//! {
//!   "ready": true,
//!   "identity": {"kind": "workload_identity", "client_id": "…", "object_id": "…", "tenant_id": "…"},
//!   "vault": "https://kv-shop.vault.azure.net/",
//!   "secrets": {"versions": {"Webapp-DB-Server-Name": "…", "…": "…"}, "read_at": "2026-01-31T12:00:00Z"},
//!   "login": {"succeeded": true, "milliseconds": 12},
//!   "cause": null,
//!   "warning": null
//! }
//! ```
//! `kind` is `workload_identity`, `managed_identity` or `azure_cli`. `cause` (when not ready) and
//! `warning` (ready, but something needs attention) are `{"stage": "identity" | "secrets" | "database",
//! "message", "status"?, "code"?}`; the message holds the words of the one that refused, the code is
//! OAuth's, Key Vault's or the SQLSTATE. `identity`, `secrets` and `login` are null until there is one.
//! The status is 200 when ready, else 503. No value of a secret is ever in it.
//!
//! A probe asks `/readyz`, which uses the cached token. `/readyz?fresh` proves everything anew: a new
//! token, the secrets read with it, and a login.

use crate::{
    app::{App, Known},
    cause::{Cause, Stage},
    credential::Used,
    database::Login,
};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    identity: Option<Used>,
    vault: String,
    secrets: Option<Secrets>,
    login: Option<Login>,
    cause: Option<Cause>,
    warning: Option<Cause>,
}

#[derive(Debug, Serialize)]
struct Secrets {
    versions: BTreeMap<&'static str, String>,
    /// RFC 3339, when the vault last gave all four.
    read_at: Option<String>,
}

/// How much is proved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Proof {
    /// What a probe needs: the login is new, token and secrets are those in use.
    Login,
    /// Token and secrets are new as well, and a failure of either means not ready.
    Everything,
}

pub(crate) async fn report(app: &App, proof: Proof) -> Readiness {
    if proof == Proof::Everything {
        app.prove().await;
    }
    let login = app.log_in().await;
    conclude(proof, app.vault.clone(), app.identity(), app.known(), login)
}

/// A failed reading is a warning as long as the secrets in use still open the database, unless
/// everything was to be proved.
fn conclude(proof: Proof, vault: String, identity: Option<Used>, known: Known, login: Option<Login>) -> Readiness {
    let trouble = known.trouble.clone();
    let reading_failed = trouble.as_ref().is_some_and(|trouble| trouble.stage != Stage::Database);
    let (cause, warning) = match &login {
        None => (Some(known.why_not()), None),
        Some(_) if proof == Proof::Everything && reading_failed => (trouble, None),
        Some(login) => (login.cause.clone(), trouble),
    };
    Readiness {
        ready: cause.is_none(),
        identity,
        vault,
        secrets: known.in_use.map(|now| Secrets {
            versions: now.settings.versions().clone(),
            read_at: known.read_at.map(|at| azure_core::time::to_rfc3339(&at)),
        }),
        login,
        cause,
        warning,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{app::opened, settings::tests::settings};

    const VALUES: [&str; 4] = ["db.example:6432", "shop-database", "shop-user", "correct horse"];

    fn known(trouble: Option<Cause>) -> Known {
        let (in_use, none) = opened(settings(VALUES, "4f2a").unwrap());
        assert!(none.is_none());
        Known { in_use, read_at: Some(azure_core::time::OffsetDateTime::UNIX_EPOCH), trouble }
    }

    fn told(proof: Proof, known: Known, login: Option<Login>) -> (Readiness, String) {
        let report = conclude(proof, "https://kv.vault.azure.net/".to_owned(), None, known, login);
        let json = serde_json::to_string(&report).unwrap();
        (report, json)
    }

    fn accepted() -> Option<Login> {
        Some(Login { succeeded: true, milliseconds: 7, cause: None })
    }

    #[tokio::test]
    async fn a_ready_app_tells_versions_and_no_value() {
        let (report, json) = told(Proof::Login, known(None), accepted());
        assert!(report.ready);
        assert!(json.contains(r#""Webapp-DB-Server-UserPassword":"4f2a""#), "{json}");
        assert!(json.contains(r#""read_at":"1970-01-01T00:00:00Z""#), "{json}");
        assert!(json.contains(r#""login":{"succeeded":true,"milliseconds":7}"#), "{json}");
        for value in VALUES {
            assert!(!json.contains(value), "{value} is in {json}");
        }
    }

    #[tokio::test]
    async fn a_refused_login_is_the_cause() {
        let cause = Cause { code: Some("28P01".to_owned()), ..Cause::new(Stage::Database, "log into the database") };
        let login = Login { succeeded: false, milliseconds: 3, cause: Some(cause) };
        let (report, json) = told(Proof::Login, known(None), Some(login));
        assert!(!report.ready);
        assert!(
            json.contains(r#""cause":{"stage":"database","message":"log into the database","code":"28P01"}"#),
            "{json}"
        );
    }

    #[tokio::test]
    async fn a_lost_role_is_a_warning_to_a_probe_and_a_failure_to_a_proof() {
        let lost = Cause { status: Some(403), ..Cause::new(Stage::Secrets, "the vault answered 403") };
        let (probe, _) = told(Proof::Login, known(Some(lost.clone())), accepted());
        assert!(probe.ready && probe.warning.as_ref() == Some(&lost));
        let (proof, _) = told(Proof::Everything, known(Some(lost.clone())), accepted());
        assert!(!proof.ready && proof.cause == Some(lost));
    }

    #[test]
    fn before_the_first_reading_the_app_is_not_ready_and_says_so() {
        let (report, json) = told(Proof::Login, Known::default(), None);
        assert!(!report.ready);
        assert!(json.contains("being read for the first time"), "{json}");
    }
}
