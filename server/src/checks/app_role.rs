//! The app's identity may read the secrets of this vault, and nothing more, anywhere.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use azure::ResourceId;
use azure::roles::{self, Role};
use domain::wish::AppIdentity;
use serde_json::Value;

pub(super) struct AppRole;

#[async_trait]
impl Check for AppRole {
    fn key(&self) -> &'static str {
        "app-role"
    }

    fn title(&self) -> &'static str {
        "App holds exactly the intended role on exactly this vault"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let remedy = "Take back what is too much, or make the assignment again, so that Key Vault Secrets User on this vault is all there is.";
        let Some((identity, principal)) = holder(subject).await? else {
            return Ok(Found::failed("no identity", "The identity that the app should act with is gone.", remedy));
        };
        let path = format!("{}/providers/Microsoft.Authorization/roleAssignments", subject.place().subscription());
        let filter = format!("principalId eq '{principal}'");
        let held = subject.azure().arm().list(&path, Some(&filter)).await?;
        let vault = subject.place().vault();
        let allowed = |assignment: &Value| {
            let properties = &assignment["properties"];
            let scope = properties["scope"].as_str().and_then(|scope| scope.parse::<ResourceId>().ok());
            let role = properties["roleDefinitionId"].as_str().and_then(Role::of_definition);
            let reads = role == Some(roles::KEY_VAULT_SECRETS_USER) && scope.as_ref() == Some(&vault);
            // The kubelet identity pulls images; that is its own business, not the app's.
            let pulls = role == Some(roles::ACR_PULL) && subject.wish().roles.app_identity == AppIdentity::AgentPool;
            (reads, reads || pulls)
        };
        let intended = held.iter().filter(|assignment| allowed(assignment).0).count();
        let too_much: Vec<String> = held.iter().filter(|assignment| !allowed(assignment).1).map(said).collect();
        let found = match (intended, too_much.is_empty()) {
            (0, _) => Found::failed("no role", "The app's identity may not read this vault's secrets.", remedy),
            (_, false) => Found::failed(
                format!("{} too many", too_much.len()),
                "The app's identity can do more than it needs.",
                remedy,
            )
            .with("too much", too_much.join("; ")),
            (_, true) => Found::passed(roles::KEY_VAULT_SECRETS_USER.name),
        };
        Ok(found.with("identity", identity).with("scope", vault.name()).with("assignments", held.len().to_string()))
    }
}

/// Name and principal of the identity that the wish gives the app.
async fn holder(subject: &Subject) -> Result<Option<(String, String)>, azure::Error> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match subject.wish().roles.app_identity {
        AppIdentity::Workload => {
            let id = subject.place().app_identity();
            let identity = subject.azure().arm().get(&id).await?;
            let principal = identity.and_then(|identity| text(&identity["properties"]["principalId"]));
            Ok(principal.map(|principal| (id.name().to_owned(), principal)))
        }
        AppIdentity::AgentPool => {
            let kubelet =
                subject.cluster().await?.map(|cluster| &cluster["properties"]["identityProfile"]["kubeletidentity"]);
            let principal = kubelet.and_then(|kubelet| text(&kubelet["objectId"]));
            Ok(principal.map(|principal| (format!("{}-agentpool", subject.place().cluster().name()), principal)))
        }
    }
}

fn said(assignment: &Value) -> String {
    let properties = &assignment["properties"];
    let definition = properties["roleDefinitionId"].as_str().unwrap_or_default();
    let role = Role::of_definition(definition).map_or(definition, |role| role.name);
    let scope = properties["scope"].as_str().unwrap_or_default();
    format!("{role} on {}", scope.rsplit('/').next().unwrap_or(scope))
}
