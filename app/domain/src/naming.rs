//! The name of every Azure resource of an environment, computed from the wish and never read back.

use crate::wish::{Wish, Workspace};

/// Namespace, service account, deployment, service and federated credential of the web app.
pub const WEB_APP: &str = "webapp";

/// The tag that every resource of an environment bears with the environment's id.
pub const ENVIRONMENT_TAG: &str = "keystead-environment-id";

/// The diagnostic setting that sends the vault's audit records to the workspace.
pub const VAULT_AUDIT: &str = "keystead-audit";

/// `rg-payments-staging`.
pub fn resource_group(wish: &Wish) -> String {
    format!("rg-{}", wish.name)
}

/// `aks-payments-staging`.
pub fn cluster(wish: &Wish) -> String {
    format!("aks-{}", wish.name)
}

/// `id-payments-staging`: the web app's identity.
pub fn app_identity(wish: &Wish) -> String {
    format!("id-{}", wish.name)
}

/// `log-payments-staging`, or the last part of a shared workspace's id.
pub fn workspace(wish: &Wish) -> String {
    match wish.insights.as_ref().map(|insights| &insights.workspace) {
        Some(Workspace::Shared { id }) => id.rsplit('/').next().unwrap_or(id).to_owned(),
        _ => format!("log-{}", wish.name),
    }
}

/// `MSCI-westeurope-aks-payments-staging`, cut to 64 characters as the Azure command line does.
pub fn data_collection_rule(wish: &Wish) -> String {
    format!("MSCI-{}-{}", wish.region, cluster(wish)).chars().take(64).collect()
}

/// The node resource group that AKS makes: `MC_RG_CLUSTER_REGION`.
pub fn node_resource_group(wish: &Wish) -> String {
    format!("MC_{}_{}_{}", resource_group(wish), cluster(wish), wish.region)
}

/// The name of the environment whose resource group, or group of nodes, is called so, in whatever case.
pub fn of_group(group: &str) -> Option<String> {
    let group = group.to_lowercase();
    let own = group.strip_prefix("rg-");
    // Names hold no underscore.
    let of_nodes = || {
        let (own, rest) = group.strip_prefix("mc_rg-")?.split_once("_aks-")?;
        rest.strip_prefix(own)?.starts_with('_').then_some(own)
    };
    own.or_else(of_nodes).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// `shop.azurecr.io` of `shop.azurecr.io/webapp:1.8.2`; other registries let everybody pull, or are no business of Azure's.
pub fn registry(wish: &Wish) -> Option<&str> {
    let host = wish.web_app.image.as_str().split('/').next()?;
    host.ends_with(".azurecr.io").then_some(host)
}

/// The one of the four secrets that is set by hand: the others follow from what was approved.
pub const PASSWORD: &str = "Webapp-DB-Server-UserPassword";

/// The four secrets, in the order in which they are written.
pub const SECRETS: [&str; 4] =
    ["Webapp-DB-Server-Name", "Webapp-DB-Server-Database", "Webapp-DB-Server-Username", PASSWORD];
