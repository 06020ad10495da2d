//! Everything that Azure is known to answer when it does not do what it was asked, rehearsed through the front door.
use std::collections::BTreeMap;

use base64::Engine;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER, done};
use crate::visitor::{Reply, Visitor, eventually};

const VAULT: &str = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one";
const SECRET: &str = "https://kv-one.vault.azure.net/secrets/name?api-version=7.4";
const TOKEN: &str = "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token";
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const GRAPH: &str = "https://graph.microsoft.com/v1.0/users";
const PODS: &str = "/api/v1/pods";
const COSTS: &str = "/providers/Microsoft.CostManagement/query";
const LOGS: &str = "https://api.loganalytics.io/v1/workspaces/w-1/query";

/// Name, what is asked, and what the answer has to be: status, code, and a part of its message.
/// By hand, after the tables of errors: the catalogue is held against it.
const KNOWN: &[(&str, &str, u16, &str, &str)] = &[
    ("authorization-failed", VAULT, 403, "AuthorizationFailed", "over scope '/subscriptions/"),
    (
        "role-assignment-denied",
        ASSIGNMENT,
        403,
        "AuthorizationFailed",
        "action 'Microsoft.Authorization/roleAssignments/write'",
    ),
    ("cost-throttled", COSTS, 429, "429", "Too many requests. Please retry."),
    ("cost-disabled", COSTS, 400, "AccountCostDisabled", "'AO View Charges' must be enabled"),
    ("cost-denied", COSTS, 401, "RBACAccessDenied", "does not have authorization to perform action."),
    ("linked-authorization-failed", CLUSTER, 403, "LinkedAuthorizationFailed", "linked scope(s)"),
    ("role-assignment-exists", ASSIGNMENT, 409, "RoleAssignmentExists", "The role assignment already exists."),
    (
        "role-assignment-update-not-permitted",
        ASSIGNMENT,
        400,
        "RoleAssignmentUpdateNotPermitted",
        "not allowed to be updated",
    ),
    ("principal-not-found", ASSIGNMENT, 400, "PrincipalNotFound", "replication delay"),
    ("vault-already-exists", VAULT, 409, "VaultAlreadyExists", "The vault name 'kv-one' is already in use"),
    ("vault-name-deleted", VAULT, 409, "ConflictError", "already exists in deleted state"),
    ("vault-name-not-valid", VAULT, 400, "VaultNameNotValid", "between 3-24 alphanumeric"),
    (
        "disallowed-by-policy",
        VAULT,
        403,
        "RequestDisallowedByPolicy",
        "Resource 'kv-one' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\"",
    ),
    (
        "provider-not-registered",
        VAULT,
        409,
        "MissingSubscriptionRegistration",
        "not registered to use namespace 'Microsoft.KeyVault'",
    ),
    ("core-quota-of-compute", CLUSTER, 409, "OperationNotAllowed", "exceeding approved Total Regional Cores quota"),
    ("core-quota", CLUSTER, 400, "ErrCode_InsufficientVCPUQuota", "Insufficient vcpu quota requested 2, remaining 0"),
    ("core-quota-wrapped", CLUSTER, 400, "BadRequest", "container service shop in resource group rg failed"),
    (
        "size-restricted",
        CLUSTER,
        400,
        "BadRequest",
        "is not allowed in your subscription in location 'westeurope'. The available VM sizes are '",
    ),
    ("size-not-available", CLUSTER, 409, "SkuNotAvailable", "currently not available"),
    ("cluster-count", CLUSTER, 400, "ManagedClusterCountExceedsQuotaLimit", "exceeds quota limit"),
    ("cluster-busy", CLUSTER, 409, "OperationNotAllowed", "Another operation (nodepool1 - Updating) is in progress"),
    ("background-operation", CLUSTER, 409, "OperationNotAllowed", "PutExtensionAddonHandler"),
    ("etag-mismatch", CLUSTER, 409, "EtagMismatch", "eTag"),
    ("aks-flat-refusal", CLUSTER, 409, "OperationNotAllowed", "Another operation (shop - Updating)"),
    (
        "aks-throttled",
        CLUSTER,
        429,
        "Throttled",
        "PutManagedClusterHandler.PUT request limit has been exceeded for SubID='",
    ),
    ("workspace-id-blank", CLUSTER, 400, "LinkedInvalidPropertyId", "'/subscriptions/{subscriptionId}'"),
    (
        "local-accounts-off",
        ADMIN,
        400,
        "BadRequest",
        "Getting static credential is not allowed because this cluster is set to disable local accounts.",
    ),
    (
        "group-being-deleted",
        VAULT,
        409,
        "ResourceGroupBeingDeleted",
        "The resource group 'rg' is in deprovisioning state",
    ),
    (
        "scope-locked",
        VAULT,
        409,
        "ScopeLocked",
        "cannot perform delete operation because following scope(s) are locked: '/subscriptions/",
    ),
    ("subscription-read-only", VAULT, 409, "ReadOnlyDisabledSubscription", "marked as read only"),
    (
        "resource-not-found",
        VAULT,
        404,
        "ResourceNotFound",
        "The Resource 'Microsoft.KeyVault/vaults/kv-one' under resource group 'rg' was not found",
    ),
    ("group-not-found", VAULT, 404, "ResourceGroupNotFound", "Resource group 'rg' could not be found."),
    ("subscription-not-found", VAULT, 404, "SubscriptionNotFound", "could not be found"),
    ("authentication-failed", VAULT, 401, "AuthenticationFailed", "header is missing"),
    ("token-invalid", VAULT, 401, "InvalidAuthenticationToken", "The access token is invalid."),
    ("token-expired", VAULT, 401, "ExpiredAuthenticationToken", "expiry"),
    ("token-of-other-tenant", VAULT, 401, "InvalidAuthenticationTokenTenant", "wrong issuer"),
    ("throttled", VAULT, 429, "SubscriptionRequestsThrottled", "additional tokens are available"),
    ("output-table-missing", RULE, 400, "InvalidPayload", "Data collection rule is invalid"),
    ("query-table-missing", LOGS, 400, "BadArgumentError/SemanticError", "invalid properties"),
    ("internal-server-error", VAULT, 500, "InternalServerError", "internal server error"),
    ("bad-gateway", VAULT, 502, "BadGateway", "upstream"),
    ("service-unavailable", VAULT, 503, "ServerBusy", "try again later"),
    ("gateway-timeout", VAULT, 504, "GatewayTimeout", "from 'Microsoft.KeyVault' within"),
    (
        "federated-credential-busy",
        CREDENTIAL,
        409,
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        "the managed identity 'app'",
    ),
    ("kubernetes-unauthorized", PODS, 401, "Unauthorized", "Unauthorized"),
    (
        "kubernetes-forbidden",
        PODS,
        403,
        "Forbidden",
        "User does not have access to the resource in Azure. Update role assignment to allow access.",
    ),
    ("kubernetes-too-many-requests", PODS, 429, "TooManyRequests", "too many requests"),
    ("kubernetes-unavailable", PODS, 503, "ServiceUnavailable", "shutting down"),
    (
        "secret-not-found",
        SECRET,
        404,
        "SecretNotFound",
        "A secret with (name/id) name was not found in this key vault.",
    ),
    (
        "secret-forbidden-by-role",
        SECRET,
        403,
        "Forbidden/ForbiddenByRbac",
        "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n",
    ),
    (
        "secret-forbidden-by-policy",
        SECRET,
        403,
        "Forbidden/AccessDenied",
        "does not have secrets get permission on key vault 'kv-one;",
    ),
    ("vault-firewall", SECRET, 403, "Forbidden/ForbiddenByFirewall", "Client address is not authorized"),
    ("vault-private", SECRET, 403, "Forbidden/ForbiddenByConnection", "Public network access is disabled"),
    ("secret-disabled", SECRET, 403, "Forbidden/SecretDisabled", "disabled secret"),
    (
        "secret-deleted",
        SECRET,
        409,
        "Conflict/ObjectIsDeletedButRecoverable",
        "Secret name is currently in a deleted but recoverable state",
    ),
    ("secret-being-deleted", SECRET, 409, "Conflict/ObjectIsBeingDeleted", "Secret is currently being deleted."),
    ("vault-throttled", SECRET, 429, "Throttled", "Reason: VaultRequestTypeLimitReached"),
    ("vault-unauthorized", SECRET, 401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."),
    ("vault-token-for-others", SECRET, 401, "Unauthorized", "Invalid audience"),
    ("vault-token-expired", SECRET, 401, "Unauthorized", "expired"),
    ("vault-bad-parameter", SECRET, 400, "BadParameter", "invalid value"),
    ("vault-unavailable", SECRET, 503, "ServiceUnavailable", "temporarily"),
    (
        "federation-no-match",
        TOKEN,
        401,
        "invalid_client/AADSTS70021",
        "AADSTS70021: No matching federated identity record found",
    ),
    ("federation-issuer", TOKEN, 401, "invalid_client/AADSTS700211", "issuer"),
    ("federation-audience", TOKEN, 401, "invalid_client/AADSTS700212", "audience"),
    ("federation-subject", TOKEN, 401, "invalid_client/AADSTS700213", "subject"),
    ("client-secret-wrong", TOKEN, 401, "invalid_client/AADSTS7000215", "Invalid client secret provided."),
    ("client-secret-expired", TOKEN, 401, "invalid_client/AADSTS7000222", "expired"),
    ("application-unknown", TOKEN, 400, "unauthorized_client/AADSTS700016", "not found in the directory"),
    ("entra-transient", TOKEN, 503, "temporarily_unavailable/AADSTS90033", "transient"),
    ("entra-throttled", TOKEN, 429, "temporarily_unavailable/AADSTS90055", "high load"),
    (
        "metadata-several-identities",
        METADATA,
        400,
        "invalid_request",
        "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
    ),
    ("metadata-identity-not-found", METADATA, 400, "invalid_request", "Identity not found"),
    ("metadata-header-missing", METADATA, 400, "bad_request_102", "Required metadata header not specified"),
    ("metadata-updating", METADATA, 410, "gone", "updated"),
    ("metadata-throttled", METADATA, 429, "too_many_requests", "Too many"),
    ("denied-by-assignment", VAULT, 403, "DenyAssignmentAuthorizationFailed", "because of the deny assignment"),
    ("graph-denied", GRAPH, 403, "Authorization_RequestDenied", "Insufficient privileges"),
    ("graph-throttled", GRAPH, 429, "TooManyRequests", "Please retry again later."),
];

/// Those that hit operations and nodes, which other tests produce.
const OF_OPERATIONS: &[(&str, &str)] = &[
    ("group-deletion-failed", "ResourceGroupDeletionBlocked"),
    ("cluster-creation-failed", "CreateVMSSAgentPoolFailed"),
    ("core-quota-in-operation", "ErrCode_InsufficientVCPUQuota"),
    ("allocation-failed", "AllocationFailed"),
    ("upgrade-failed", "UpgradeFailed"),
    ("cluster-deletion-failed", "DeleteResourceGroupError"),
    ("node-not-ready", ""),
    ("webhook-down", ""),
    ("webhook-late", ""),
    ("webhook-ignored", ""),
];

const ASSIGNMENT: &str =
    "/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001";
const ADMIN: &str =
    "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop/listClusterAdminCredential";
const RULE: &str = "/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/rule";
const CREDENTIAL: &str = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app/federatedIdentityCredentials/web";

/// The code of an error, in whatever shape its service gives it.
fn code(body: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match &body["error"] {
        Value::Object(error) => match error.get("innererror") {
            Some(inner) => format!("{}/{}", text(&error["code"]), text(&inner["code"])),
            None => text(&error["code"]),
        },
        Value::String(error) => match &body["error_codes"][0] {
            Value::Null => error.clone(),
            number => format!("{error}/AADSTS{number}"),
        },
        _ if body["kind"] == "Status" => text(&body["reason"]),
        _ => text(&body["code"]),
    }
}

fn message(body: &Value) -> &str {
    let places = [&body["error"]["message"], &body["error_description"], &body["message"]];
    places.into_iter().find_map(Value::as_str).unwrap_or_default()
}

/// A world with a vault and a cluster, and a client that trusts the cluster.
async fn with_everything() -> (Visitor, Client, String) {
    let visitor = aks::visitor().await;
    let cluster = aks::make(&visitor, aks::body()).await;
    let vault = json!({"location": "westeurope", "properties": {"tenantId": visitor.world().tenant,
        "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}});
    visitor.arm(Method::PUT, VAULT, vault).await;
    eventually(|| async {
        let found = visitor.arm(Method::GET, VAULT, Value::Null).await;
        (found.body["properties"]["provisioningState"] == "Succeeded").then_some(())
    })
    .await;
    let config = visitor.arm(Method::POST, &format!("{CLUSTER}/listClusterUserCredential"), Value::Null).await;
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let config: Value =
        serde_json::from_slice(&decode(config.body["kubeconfigs"][0]["value"].as_str().unwrap())).unwrap();
    let authority = decode(config["clusters"][0]["cluster"]["certificate-authority-data"].as_str().unwrap());
    let client = Client::builder()
        .no_proxy()
        .proxy(reqwest::Proxy::all(format!("http://localhost:{}", visitor.world().door_port)).unwrap())
        .tls_certs_merge([reqwest::Certificate::from_pem(&authority).unwrap()])
        .build()
        .unwrap();
    let host = cluster["properties"]["fqdn"].as_str().unwrap().to_owned();
    (visitor, client, host)
}

#[tokio::test]
async fn every_known_refusal_is_answered_as_it_is_known() {
    let (visitor, in_cluster, api_server) = with_everything().await;
    let listed = visitor.control(Method::GET, "/faults/catalogue", Value::Null).await.body;
    let catalogue: BTreeMap<&str, &Value> =
        listed.as_array().unwrap().iter().map(|one| (one["name"].as_str().unwrap(), one)).collect();
    let mut names: Vec<&str> = KNOWN.iter().map(|one| one.0).chain(OF_OPERATIONS.iter().map(|one| one.0)).collect();
    names.sort_unstable();
    assert_eq!(names, catalogue.keys().copied().collect::<Vec<_>>(), "each is looked at here");

    let arm = visitor.owner("https://management.azure.com").await;
    for (name, target, status, expected, part) in KNOWN {
        let set = visitor.control(Method::POST, "/faults", json!({"named": name, "times": 1})).await;
        assert_eq!(set.status, StatusCode::CREATED, "{name} {}", set.body);
        let row = catalogue[name];
        let method: Method = row["method"].as_str().unwrap_or("GET").parse().unwrap();
        let body = if method == Method::GET { Value::Null } else { json!({"location": "westeurope", "value": "v"}) };
        let reply = if *target == PODS {
            let reply = in_cluster.get(format!("https://{api_server}{PODS}")).send().await.unwrap();
            let (status, headers) = (reply.status(), reply.headers().clone());
            Reply { status, headers, body: reply.json().await.unwrap() }
        } else if target.starts_with('/') {
            visitor.ask(&arm, method, target, body).await
        } else {
            visitor.send(&arm, method, target, body).await
        };
        assert_eq!(reply.status.as_u16(), *status, "{name} {}", reply.body);
        assert_eq!(code(&reply.body), *expected, "{name} {}", reply.body);
        assert!(message(&reply.body).contains(part), "{name}: {}", message(&reply.body));
        if *status == 429 && *target != METADATA {
            assert!(!reply.header("retry-after").is_empty(), "{name}");
        }
        // Cost Management refuses by itself, without a challenge.
        if *status == 401 && (target.starts_with('/') && ![PODS, COSTS].contains(target) || *target == SECRET) {
            assert!(reply.header("www-authenticate").starts_with("Bearer authorization"), "{name}");
        }
        if target.starts_with("/resourceGroups") {
            assert!(!reply.header("x-ms-request-id").is_empty(), "{name}");
        }
    }
    let left = visitor.control(Method::GET, "/faults", Value::Null).await.body;
    assert_eq!(left, json!([]), "each hit once and is over");
}

#[tokio::test]
async fn what_a_refusal_says_of_the_request_is_true() {
    let visitor = Visitor::arrive().await;
    let owner = azure_simulator::seed::id_of("service-principal/owner").to_string();
    visitor.control(Method::POST, "/faults", json!({"named": "authorization-failed"})).await;
    let refused = visitor.arm(Method::PUT, VAULT, json!({})).await;
    assert!(refused.message().contains(&format!("with object id '{owner}'")), "{}", refused.message());
    assert!(refused.message().contains("action 'Microsoft.KeyVault/vaults/write'"), "{}", refused.message());
    let unknown = visitor.control(Method::POST, "/faults", json!({"named": "no-such"})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let narrowed = json!({"named": "vault-already-exists", "path": "/vaults/kv-two", "times": 2});
    visitor.control(Method::POST, "/faults", narrowed).await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(visitor.arm(Method::PUT, VAULT, json!({"location": "westeurope"})).await.code(), "BadRequest");
    for _ in 0..2 {
        let other = VAULT.replace("kv-one", "kv-two");
        assert!(visitor.arm(Method::PUT, &other, json!({})).await.message().contains("'kv-two' is already in use"));
    }
}

#[tokio::test]
async fn operations_end_as_they_are_told_and_leave_what_azure_leaves() {
    let visitor = aks::visitor().await;
    aks::register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let name = |name: &str| OF_OPERATIONS.iter().find(|one| one.0 == name).unwrap().1;
    let fail = async |named: &str, method: Method, address: &str, body: Value| {
        visitor.control(Method::POST, "/faults", json!({"named": named})).await;
        let asked = visitor.arm(method, if address == "group" { "/resourceGroups/rg" } else { CLUSTER }, body).await;
        assert!(asked.status.is_success(), "{named} {}", asked.body);
        eventually(|| async {
            if address == "group" {
                let ended = visitor.arm(Method::GET, asked.header("location"), Value::Null).await;
                return (ended.status != StatusCode::ACCEPTED).then_some(ended.body["error"].clone());
            }
            let state = visitor.arm(Method::GET, asked.header("azure-asyncoperation"), Value::Null).await.body;
            (state["status"] != "InProgress").then_some(state["error"].clone())
        })
        .await
    };
    for named in ["cluster-creation-failed", "core-quota-in-operation"] {
        let error = fail(named, Method::PUT, "cluster", aks::body()).await;
        assert_eq!(error["code"], name(named), "{error}");
        let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
        assert_eq!(cluster["properties"]["provisioningState"], "Failed");
        assert_eq!(cluster["properties"]["status"]["provisioningError"]["code"], name(named));
        done(&visitor, &visitor.arm(Method::DELETE, CLUSTER, Value::Null).await).await;
    }
    done(&visitor, &visitor.arm(Method::PUT, CLUSTER, aks::body()).await).await;
    for named in ["upgrade-failed", "allocation-failed"] {
        let error = fail(named, Method::PUT, "cluster", aks::body()).await;
        assert_eq!(error["code"], name(named), "{error}");
    }
    done(&visitor, &visitor.arm(Method::PUT, CLUSTER, aks::body()).await).await;
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded", "a second try mends it");
    assert_eq!(cluster["properties"]["status"], Value::Null);
    let error = fail("cluster-deletion-failed", Method::DELETE, "cluster", Value::Null).await;
    assert_eq!(error["code"], name("cluster-deletion-failed"));
    done(&visitor, &visitor.arm(Method::DELETE, CLUSTER, Value::Null).await).await;
    let error = fail("group-deletion-failed", Method::DELETE, "group", Value::Null).await;
    assert_eq!(error["code"], name("group-deletion-failed"));
    let group = visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await.body;
    assert_eq!(group["properties"]["provisioningState"], "Succeeded");
}
