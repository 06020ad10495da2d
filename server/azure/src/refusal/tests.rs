//! Every refusal that Azure's services are known to answer with, body by body.
#![allow(clippy::unwrap_used)]
use super::*;
use http::{HeaderName, HeaderValue};
use serde_json::json;

fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap()))
        .collect();
    read("PUT", "/subscriptions/s/x", status, &headers, body.as_bytes())
}

fn nested(code: &str, message: &str) -> String {
    json!({"error": {"code": code, "message": message}}).to_string()
}

#[test]
fn each_status_and_code_leads_to_what_a_caller_does() {
    for (status, code, expected) in [
        (400, "RoleAssignmentUpdateNotPermitted", Kind::Rejected),
        (400, "PrincipalNotFound", Kind::Rejected),
        (400, "VaultNameNotValid", Kind::Rejected),
        (400, "ErrCode_InsufficientVCPUQuota", Kind::Rejected),
        (401, "InvalidAuthenticationToken", Kind::Denied),
        (403, "AuthorizationFailed", Kind::Denied),
        (403, "LinkedAuthorizationFailed", Kind::Denied),
        (403, "RequestDisallowedByPolicy", Kind::Rejected),
        (404, "ResourceGroupNotFound", Kind::NotFound),
        (408, "RequestTimeout", Kind::Unreachable),
        (409, "RoleAssignmentExists", Kind::Conflict),
        (409, "VaultAlreadyExists", Kind::Conflict),
        (409, "ConflictError", Kind::Conflict),
        (409, "MissingSubscriptionRegistration", Kind::Conflict),
        (409, "OperationNotAllowed", Kind::Conflict),
        (409, "ResourceGroupBeingDeleted", Kind::Conflict),
        (412, "PreconditionFailed", Kind::Conflict),
        (500, "InternalServerError", Kind::Unreachable),
        (503, "ServiceUnavailable", Kind::Unreachable),
    ] {
        let error = refused(status, &[], &nested(code, "why"));
        assert_eq!(error.kind(), expected, "{status} {code}");
        assert_eq!((error.code(), error.message(), error.status()), (code, "why", Some(status)));
    }
}

#[test]
fn the_words_are_azures_unchanged_and_the_call_can_be_found_again() {
    let words = "The client 'c' with object id 'o' does not have authorization to perform action \
                 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s' or the scope is invalid. \
                 If access was recently granted, please refresh your credentials.";
    let headers = [("x-ms-request-id", "r-1"), ("x-ms-correlation-request-id", "c-1")];
    let error = refused(403, &headers, &nested("AuthorizationFailed", words));
    assert_eq!(error.message(), words);
    assert_eq!(error.correlation_id(), Some("c-1"));
    assert_eq!(
        error.to_string(),
        format!("PUT /subscriptions/s/x was denied (403 AuthorizationFailed): {words} [correlation id c-1]")
    );
}

#[test]
fn aks_answers_flat_at_times_and_details_are_not_lost() {
    let flat = json!({"code": "EtagMismatch", "details": null, "message": "Operation is not allowed: etag mismatch", "subcode": ""});
    let error = refused(409, &[], &flat.to_string());
    assert_eq!((error.code(), error.message()), ("EtagMismatch", "Operation is not allowed: etag mismatch"));
    let detailed = json!({"error": {"code": "BadRequest", "message": "Provisioning failed.", "target": "networkProfile",
        "details": [{"code": "Sku", "message": "The VM size of X is not allowed."}, {"code": "Again", "message": "Provisioning failed."}]}});
    assert_eq!(
        refused(400, &[], &detailed.to_string()).message(),
        "Provisioning failed. The VM size of X is not allowed."
    );
}

#[test]
fn key_vault_tells_in_the_inner_code_whether_a_role_is_missing() {
    let text = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
                definitions were changed recently, please observe propagation time.\r\nCaller: appid=a;oid=o\r\n";
    let body = json!({"error": {"code": "Forbidden", "message": text, "innererror": {"code": "ForbiddenByRbac"}}});
    let error = refused(403, &[], &body.to_string());
    assert_eq!((error.kind(), error.code(), error.inner_code()), (Kind::Denied, "Forbidden", Some("ForbiddenByRbac")));
    assert_eq!(error.message(), text);
    assert!(error.is_code("forbiddenbyrbac") && error.is_code("Forbidden"));
    for inner in ["SecretDisabled", "ForbiddenByFirewall"] {
        let body = json!({"error": {"code": "Forbidden", "message": "no", "innererror": {"code": inner}}});
        assert_eq!(refused(403, &[], &body.to_string()).kind(), Kind::Rejected, "{inner}: no waiting helps");
    }
}

#[test]
fn entra_and_kubernetes_and_plain_text_are_understood() {
    let entra = json!({"error": "invalid_client", "error_description": "AADSTS70021: No matching federated identity record found.",
        "error_codes": [70021]});
    let error = refused(401, &[], &entra.to_string());
    assert_eq!((error.code(), error.inner_code()), ("AADSTS70021", Some("invalid_client")));
    let machine = json!({"error": "invalid_request", "error_description": "Multiple user assigned identities exist, please specify the \
        clientId / resourceId of the identity in the token request"});
    let error = refused(400, &[], &machine.to_string());
    assert_eq!(error.code(), "invalid_request");
    assert!(error.message().starts_with("Multiple user assigned identities exist"));
    let kubernetes = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "User does not have access to the resource in Azure. Update role assignment to allow access."});
    let error = refused(403, &[], &kubernetes.to_string());
    assert_eq!((error.code(), error.kind()), ("Forbidden", Kind::Denied));
    assert_eq!(refused(502, &[], "<html>Bad Gateway</html>").message(), "<html>Bad Gateway</html>");
    assert_eq!(refused(400, &[], "").message(), "");
}

#[test]
fn throttling_says_when_to_come_back() {
    let body = nested("Throttled", "too many");
    for (headers, expected) in [
        (vec![("retry-after", "17")], Duration::from_secs(17)),
        (vec![("retry-after", "1"), ("retry-after-ms", "40")], Duration::from_millis(40)),
        (vec![("retry-after", "1"), ("x-ms-retry-after-ms", "60")], Duration::from_millis(60)),
        (
            vec![("retry-after", "Mon, 23 Nov 2026 13:00:30 GMT"), ("date", "Mon, 23 Nov 2026 13:00:00 GMT")],
            Duration::from_secs(30),
        ),
        (vec![("retry-after", "soon")], THROTTLED_FOR),
        (vec![], THROTTLED_FOR),
    ] {
        let error = refused(429, &headers, &body);
        assert_eq!(error.kind(), Kind::Throttled { after: expected }, "{headers:?}");
        assert_eq!(error.retry_after(), Some(expected));
    }
    let unavailable = refused(503, &[("retry-after", "9")], "");
    assert_eq!((unavailable.kind(), unavailable.retry_after()), (Kind::Unreachable, Some(Duration::from_secs(9))));
}
