//! Names of operations in the document, where the handler's own and its noun would say too little to whoever makes a client.

/// Of this method at this path; `None` where verb and noun say it.
pub(super) fn of(method: &str, path: &str) -> Option<&'static str> {
    Some(match (method, path.trim_start_matches("/api/v1")) {
        ("get", "/environments/{name}/access") => "read_environment_access",
        ("get", "/environments/{name}/checks") => "list_environment_checks",
        ("get", "/environments/{name}/document") => "read_environment_document",
        ("get", "/environments/{name}/events") => "list_environment_events",
        ("get", "/environments/{name}/secrets") => "list_environment_secrets",
        ("get", "/environments/{name}/secrets/{secret}") => "read_environment_secret",
        ("put", "/environments/{name}/secrets/{secret}") => "set_environment_secret",
        ("get", "/environments/{name}/validations") => "list_environment_validations",
        ("get", "/environments/{name}/validations/{id}") => "read_environment_validation",
        ("post", "/environments/{name}/looks") => "look_for_environment_drift",
        ("post", "/environments/{name}/ownership") => "take_on_environment",
        ("post", "/environments/{name}/release") => "release_environment",
        ("get", "/jobs/{id}/steps") => "list_job_steps",
        ("get", "/jobs/{id}/events") => "list_job_events",
        ("post", "/jobs/{id}/plan") => "plan_job_again",
        ("post", "/jobs/{id}/vault-name") => "rename_job_vault",
        ("get", "/webhooks/{id}/deliveries") => "list_webhook_deliveries",
        ("post", "/webhooks/{id}/secrets") => "rotate_webhook_secret",
        ("get", "/notices") => "list_notices",
        ("get", "/deliveries") => "list_deliveries",
        ("post", "/deliveries/{id}/redelivery") => "redeliver_notice",
        ("get", "/sign-in") => "read_sign_in",
        ("post", "/sign-in") => "exchange_sign_in",
        ("get", "/handover") => "read_handover",
        ("post", "/handover") => "begin_handover",
        ("delete", "/handover") => "end_handover",
        ("get", "/quotas") => "list_quotas",
        ("get", "/teams") => "list_teams",
        ("get", "/templates") => "list_templates",
        ("post", "/people/returns") => "return_person",
        _ => return None,
    })
}
