//! What Azure does wrong in a run: refusals and losses made up here, and those that it is known for, by name.

use fastrand::Rng;
use serde_json::{Value, json};

/// Of the simulator's catalogue: what goes by with time, or what a person gets over by trying again. Those that tell an
/// untruth about what is there are not among them.
const KNOWN: [&str; 42] = [
    "core-quota",
    "core-quota-wrapped",
    "size-restricted",
    "cluster-count",
    "cluster-busy",
    "background-operation",
    "etag-mismatch",
    "aks-flat-refusal",
    "aks-throttled",
    "cluster-creation-failed",
    "core-quota-in-operation",
    "role-assignment-denied",
    "linked-authorization-failed",
    "principal-not-found",
    "disallowed-by-policy",
    "provider-not-registered",
    "core-quota-of-compute",
    "size-not-available",
    "group-being-deleted",
    "scope-locked",
    "subscription-read-only",
    "token-invalid",
    "token-expired",
    "throttled",
    "output-table-missing",
    "internal-server-error",
    "bad-gateway",
    "service-unavailable",
    "gateway-timeout",
    "group-deletion-failed",
    "federated-credential-busy",
    "denied-by-assignment",
    "secret-forbidden-by-role",
    "vault-firewall",
    "vault-throttled",
    "vault-token-expired",
    "vault-unavailable",
    "entra-transient",
    "entra-throttled",
    "metadata-updating",
    "metadata-throttled",
    "authentication-failed",
];

/// One that Azure is known for, once; what says when to come back says it for a world whose waits are shorter.
pub fn known(rng: &mut Rng) -> Value {
    let name = rng.choice(&KNOWN).copied().unwrap_or("core-quota");
    let mut fault = json!({ "named": name, "times": 1 });
    if name.ends_with("throttled") {
        fault["retry_after"] = json!(1);
    }
    fault
}

/// One made up, for the next few calls that it fits.
pub fn made_up(rng: &mut Rng) -> Value {
    let times = rng.u32(1..4);
    let arm = "management.azure.com";
    let refuse = |method: &str, status: u16, code: &str, retry_after: Option<u32>| {
        let message = "refused by a rehearsal";
        json!({ "host": arm, "method": method, "times": times, "status": status, "code": code, "message": message,
            "retry_after": retry_after })
    };
    match rng.u32(0..12) {
        0 => refuse("PUT", 429, "TooManyRequests", Some(1)),
        1 => refuse("GET", 429, "TooManyRequests", Some(1)),
        2 => refuse("PUT", 503, "ServiceUnavailable", None),
        3 => refuse("GET", 500, "InternalServerError", None),
        4 => refuse("DELETE", 503, "ServiceUnavailable", None),
        5 => refuse("PUT", 409, "Conflict", None),
        6 => json!({ "host": arm, "method": "PUT", "times": 1, "drop": "before" }),
        7 => json!({ "host": arm, "method": "PUT", "times": 1, "drop": "after" }),
        8 => json!({ "host": arm, "method": "DELETE", "times": 1, "drop": "after" }),
        9 => json!({ "method": "PUT", "times": times, "delay_ms": rng.u32(200..6000) }),
        10 => json!({ "path": "/secrets/", "times": times, "status": 429, "code": "Throttled", "retry_after": 1 }),
        _ => json!({ "host": "169.254.169.254", "times": 1, "status": 500, "code": "internal" }),
    }
}
