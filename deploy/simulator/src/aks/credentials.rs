//! The kubeconfigs that a cluster hands out: for people of the directory, and for its local account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::arm::{Answer, Refusal};
use crate::kubernetes::{self, LOCAL_ACCOUNT, MASTERS};
use crate::resources::Resource;
use crate::world::World;

/// The application that people sign in to a cluster with.
const CLIENT_APPLICATION: &str = "80faf920-1908-4b52-b5ef-a8e7bedfc67a";
/// The application that the API server is.
const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";

/// `listClusterUserCredential`, and the same under the name of another `kind` of user.
pub fn user(world: &World, cluster: &Resource, kind: &str) -> Result<Answer, Refusal> {
    let properties = &cluster.body["properties"];
    let name = cluster.body["name"].as_str().unwrap_or_default();
    let group = crate::arm::part_after(cluster.id(), "resourcegroups").unwrap_or_default();
    let user = format!("{kind}_{group}_{name}");
    let credential = if properties["aadProfile"].is_object() {
        json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "kubelogin",
            "args": [
                "get-token", "--environment", "AzurePublicCloud", "--server-id", SERVER_APPLICATION,
                "--client-id", CLIENT_APPLICATION, "--tenant-id", world.tenant, "--login", "devicecode",
            ],
            "env": null,
            "installHint": "\nkubelogin is not installed which is required to connect to AAD enabled cluster.\n\nTo learn more, please go to https://aka.ms/aks/kubelogin\n",
            "provideClusterInfo": false,
        }})
    } else {
        local_account(cluster)?
    };
    answer(kind, cluster, name, &user, &credential)
}

/// `listClusterAdminCredential`; refused where local accounts are off.
pub fn admin(cluster: &Resource) -> Result<Answer, Refusal> {
    if cluster.body["properties"]["disableLocalAccounts"] == true {
        return Err(Refusal::bad(
            "BadRequest",
            "Getting static credential is not allowed because this cluster is set to disable local accounts.",
        ));
    }
    let name = cluster.body["name"].as_str().unwrap_or_default();
    let group = crate::arm::part_after(cluster.id(), "resourcegroups").unwrap_or_default();
    let user = format!("clusterAdmin_{group}_{name}");
    answer("clusterAdmin", cluster, name, &user, &local_account(cluster)?)
}

/// What opens the cluster as its own account: a certificate, and a token beside it as AKS gives it.
fn local_account(cluster: &Resource) -> Result<Value, Refusal> {
    let authority = kubernetes::authority_of(cluster).map_err(|error| Refusal::internal(&error.to_string()))?;
    let made = authority.client(LOCAL_ACCOUNT, MASTERS).map_err(|error| Refusal::internal(&error.to_string()))?;
    Ok(json!({
        "client-certificate-data": STANDARD.encode(made.0),
        "client-key-data": STANDARD.encode(made.1),
        "token": cluster.private["local_token"],
    }))
}

fn answer(kind: &str, cluster: &Resource, context: &str, user: &str, credential: &Value) -> Result<Answer, Refusal> {
    let authority = cluster.private["authority"]["certificate"].as_str().unwrap_or_default();
    let host = cluster.body["properties"]["fqdn"].as_str().unwrap_or_default();
    if host.is_empty() {
        return Err(Refusal::bad("ResourceNotReady", "The managed cluster has no API server yet."));
    }
    let name = cluster.body["name"].as_str().unwrap_or_default();
    // A kubeconfig is YAML, and JSON is YAML.
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {
            "certificate-authority-data": STANDARD.encode(authority), "server": format!("https://{host}:443")}}],
        "contexts": [{"name": context, "context": {"cluster": name, "user": user}}],
        "current-context": context,
        "preferences": {},
        "users": [{"name": user, "user": credential}],
    });
    let value = STANDARD.encode(serde_json::to_string_pretty(&config).unwrap_or_default());
    Ok(Answer::Document(StatusCode::OK, json!({"kubeconfigs": [{"name": kind, "value": value}]})))
}
