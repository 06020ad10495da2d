//! Why something failed, in the words of the one that refused.
//!
//! The Azure SDK reports every 400 of the metadata endpoint as "The requested identity has not been
//! assigned to this resource"; what the endpoint really said ("Multiple user assigned identities
//! exist, please specify …") is only in the raw response of an error further down the chain.

use azure_core::error::ErrorKind;
use serde::Serialize;

/// What was being attempted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// Getting a token.
    Identity,
    /// Reading the secrets from the vault.
    Secrets,
    /// Logging into the database.
    Database,
}

/// One failure. Never holds the value of a secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Cause {
    pub(crate) stage: Stage,
    /// For people: what was attempted, then the words of the one that refused.
    pub(crate) message: String,
    /// The HTTP status of the refusal, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The code of the one that refused: `invalid_request`, `ForbiddenByRbac`, SQLSTATE `28P01` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

impl Cause {
    pub(crate) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, message: message.into(), status: None, code: None }
    }

    /// Digs the true words out of an error of the Azure SDK; `attempt` says what was being done.
    pub(crate) fn of_azure(attempt: &str, error: &azure_core::Error) -> Self {
        let mut stage = Stage::Secrets;
        let mut said = None;
        let mut deepest = String::new();
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(error) = next {
            deepest = error.to_string();
            if let Some(error) = error.downcast_ref::<azure_core::Error>() {
                if matches!(error.kind(), ErrorKind::Credential) {
                    stage = Stage::Identity;
                }
                if let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() {
                    let body = raw_response.as_ref().map(|response| response.body().as_ref());
                    said = Some((u16::from(*status), body.map(words).unwrap_or_default()));
                }
            }
            next = error.source();
        }
        let who = match stage {
            Stage::Identity => "the token endpoint",
            _ => "the vault",
        };
        match said {
            Some((status, Words { code, message })) => Self {
                stage,
                message: match message.or_else(|| code.clone()) {
                    Some(words) => format!("{attempt}: {who} answered {status}: {words}"),
                    None => format!("{attempt}: {who} answered {status}"),
                },
                status: Some(status),
                code,
            },
            None => {
                let told = error.to_string();
                let told = told.lines().next().unwrap_or_default().to_owned();
                let more = if told.contains(&deepest) { String::new() } else { format!(": {deepest}") };
                Self::new(stage, format!("{attempt}: {told}{more}"))
            }
        }
    }
}

/// What a refusal's body says.
#[derive(Debug, Default, PartialEq)]
struct Words {
    code: Option<String>,
    message: Option<String>,
}

/// Reads both shapes in use: OAuth's `{"error", "error_description"}` and Azure's
/// `{"error": {"code", "message", "innererror": {"code"}}}`; any other text is taken as it is.
fn words(body: &[u8]) -> Words {
    let text = |value: &serde_json::Value| value.as_str().map(one_line).filter(|s| !s.is_empty());
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(body) if body["error"].is_object() => {
            let error = &body["error"];
            Words {
                code: text(&error["innererror"]["code"]).or_else(|| text(&error["code"])),
                message: text(&error["message"]),
            }
        }
        Ok(body) if body["error"].is_string() => {
            Words { code: text(&body["error"]), message: text(&body["error_description"]) }
        }
        _ => {
            let plain: String = one_line(&String::from_utf8_lossy(body)).chars().take(300).collect();
            Words { code: None, message: Some(plain).filter(|s| !s.is_empty()) }
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::{
        Error,
        http::{RawResponse, StatusCode, headers::Headers},
    };

    fn refused(status: StatusCode, body: &'static str) -> Error {
        let raw = RawResponse::from_bytes(status, Headers::new(), body.as_bytes());
        Error::new(
            ErrorKind::HttpResponse { status, error_code: None, raw_response: Some(Box::new(raw)) },
            "The requested identity has not been assigned to this resource",
        )
    }

    #[test]
    fn the_metadata_endpoints_own_words_are_found_below_the_sdks() {
        let endpoint = refused(
            StatusCode::BadRequest,
            r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"}"#,
        );
        let told = Error::with_error(
            ErrorKind::Credential,
            endpoint,
            "ManagedIdentityCredential authentication failed. The requested identity has not been assigned to this resource",
        );
        let cause = Cause::of_azure("read Webapp-DB-Server-Name", &told);
        assert_eq!(cause.stage, Stage::Identity);
        assert_eq!(cause.status, Some(400));
        assert_eq!(cause.code.as_deref(), Some("invalid_request"));
        assert_eq!(
            cause.message,
            "read Webapp-DB-Server-Name: the token endpoint answered 400: Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
        );
    }

    #[test]
    fn the_vaults_inner_code_tells_a_missing_role_from_a_firewall() {
        let error = refused(
            StatusCode::Forbidden,
            "{\"error\":{\"code\":\"Forbidden\",\"message\":\"Caller is not authorized to perform action on resource.\\r\\nCaller: appid=1\",\"innererror\":{\"code\":\"ForbiddenByRbac\"}}}",
        );
        let cause = Cause::of_azure("read Webapp-DB-Server-Name", &error);
        assert_eq!(cause.stage, Stage::Secrets);
        assert_eq!(cause.code.as_deref(), Some("ForbiddenByRbac"));
        assert!(cause.message.contains("the vault answered 403: Caller is not authorized"), "{cause:?}");
        assert!(!cause.message.contains('\n'));
    }

    #[test]
    fn an_unreachable_vault_is_told_with_its_deepest_reason() {
        let io = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let error = Error::with_error(ErrorKind::Connection, io, "failed to execute `reqwest` request");
        let cause = Cause::of_azure("read Webapp-DB-Server-Name", &error);
        assert_eq!(
            cause.message,
            "read Webapp-DB-Server-Name: failed to execute `reqwest` request: connection refused"
        );
    }
}
