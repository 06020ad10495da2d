//! A pod with workload identity: its service account's token is its way in, where a federated credential names it.
use crate::rehearsal::Rehearsal;
use azure::{Azure, Config, CredentialKind, Kind, Me};
use azure_simulator::{
    directory::{self, Principal},
    entra::federation,
    resources::{self, Resource},
    state::StateError,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/t/c/";
const SUBJECT: &str = "system:serviceaccount:keystead:portal";

/// An identity with that credential (or none), and the pod that would use it.
async fn pod(rehearsal: &Rehearsal, credential: Option<Value>) -> (Azure, String) {
    let world = rehearsal.simulator.world();
    let (now, subscription) = (world.clock.now(), world.subscription_id());
    let identity = format!(
        "{subscription}/resourceGroups/rg-keystead/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-keystead"
    );
    let principal = Principal::managed_identity("id-keystead", &identity, now);
    let written = world.state.change(|draft| {
        directory::put(draft, &principal);
        if let Some(properties) = credential {
            let id = format!("{identity}/federatedIdentityCredentials/portal");
            let body = json!({"id": id, "name": "portal", "type": federation::CREDENTIALS, "properties": properties});
            resources::put(draft, &Resource::new(body));
        }
        draft.put(federation::ISSUERS, ISSUER, json!({}));
        Ok::<_, StateError>(())
    });
    written.await.unwrap();
    let claims = json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"],
        "iat": now.as_second(), "nbf": now.as_second(), "exp": now.as_second() + 3600});
    let token_file = world.folder.join("token");
    std::fs::write(&token_file, world.tokens.sign(ISSUER, &claims).unwrap()).unwrap();
    let client_id = principal.app_id.map(|id| id.to_string());
    let credential = CredentialKind::WorkloadIdentity { client_id, token_file: Some(token_file) };
    let azure = Azure::connect(Config { credential, ..rehearsal.config() }).unwrap();
    (azure, principal.object_id.to_string())
}

#[tokio::test]
async fn a_pod_is_let_in_by_its_service_accounts_token() {
    let rehearsal = Rehearsal::start().await;
    let credential = json!({"issuer": ISSUER, "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"]});
    let (azure, object_id) = pod(&rehearsal, Some(credential)).await;
    let Me { object_id: found, tenant_id, .. } = azure.me().await.unwrap();
    assert_eq!((found, tenant_id), (object_id, rehearsal.simulator.world().tenant.to_string()));
    assert_eq!(azure.signed_in_by(), Some("workload identity"));
    rehearsal.end().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_federated_credential_is_told_by_entras_own_number() {
    let audience = json!(["api://AzureADTokenExchange"]);
    let without_slash = ISSUER.trim_end_matches('/');
    for (credential, number) in [
        (None, "AADSTS70021"),
        (Some(json!({"issuer": without_slash, "subject": SUBJECT, "audiences": audience})), "AADSTS700211"),
        (
            Some(json!({"issuer": ISSUER, "subject": "system:serviceaccount:a:b", "audiences": audience})),
            "AADSTS700213",
        ),
        (Some(json!({"issuer": ISSUER, "subject": SUBJECT, "audiences": ["api://AKS"]})), "AADSTS700212"),
    ] {
        let rehearsal = Rehearsal::start().await;
        let (azure, _) = pod(&rehearsal, credential).await;
        let error = azure.me().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Denied, number), "{error}");
        assert!(error.message().contains("No matching federated identity record found"), "{error}");
        rehearsal.end().await;
    }
}
