//! The app's identity trusts this cluster's service account, and the pods carry what they sign in with.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use domain::naming::WEB_APP;
use domain::wish::{AppIdentity, Wish};
use serde_json::Value;

pub(super) struct FederatedCredential;

const AUDIENCE: &str = "api://AzureADTokenExchange";
const INJECTED: [&str; 3] = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"];

#[async_trait]
impl Check for FederatedCredential {
    fn key(&self) -> &'static str {
        "federated-credential"
    }

    fn title(&self) -> &'static str {
        "Federated credential trusts this cluster’s service account, and pods carry its variables"
    }

    fn applies(&self, wish: &Wish) -> bool {
        wish.roles.app_identity == AppIdentity::Workload
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let remedy = "Make the environment's credential again with the cluster's issuer, and restart the pods.";
        let Some(credential) = subject.azure().arm().get(&subject.place().federated_credential()).await? else {
            return Ok(Found::failed("not there", "The app's identity trusts no service account.", remedy));
        };
        let issuer =
            subject.cluster().await?.map(|cluster| text(&cluster["properties"]["oidcIssuerProfile"]["issuerURL"]));
        let wanted = format!("system:serviceaccount:{WEB_APP}:{WEB_APP}");
        let trusted = &credential["properties"];
        let audiences = trusted["audiences"].as_array().cloned().unwrap_or_default();
        let right_audience = audiences.len() == 1 && audiences[0] == AUDIENCE;
        let pods = subject.pods().await?;
        let bare: Vec<String> =
            pods.iter().filter(|pod| !injected(pod)).map(|pod| text(&pod["metadata"]["name"])).collect();
        let found = if issuer.as_deref() != trusted["issuer"].as_str() {
            Found::failed("another issuer", "The credential trusts an issuer that is not this cluster's.", remedy)
        } else if trusted["subject"] != *wanted || !right_audience {
            Found::failed(
                "another subject or audience",
                "The credential trusts another service account or audience.",
                remedy,
            )
        } else if pods.is_empty() {
            Found::could_not_tell("no pod to look at", "The web app has no pods now, so none could show its variables.")
        } else if !bare.is_empty() {
            let cause = "These pods were made without the variables: the webhook adds them only when a pod is created.";
            Found::failed(format!("{} of {} pods bare", bare.len(), pods.len()), cause, "Restart the pods.")
                .with("without variables", bare.join(", "))
        } else {
            Found::passed(format!("{} pods carry them", pods.len()))
        };
        Ok(found
            .with("issuer", text(&trusted["issuer"]))
            .with("subject", text(&trusted["subject"]))
            .with("audience", audiences.iter().map(text).collect::<Vec<_>>().join(", ")))
    }
}

fn injected(pod: &Value) -> bool {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let has = |container: &Value, name: &str| {
        container["env"].as_array().is_some_and(|env| env.iter().any(|variable| variable["name"] == name))
    };
    !containers.is_empty() && containers.iter().all(|container| INJECTED.iter().all(|name| has(container, name)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("none").to_owned()
}
