//! Reads the body of a cluster as AKS does: refuses what it refuses, fills in what it fills in.

use serde_json::{Value, json};

use super::pool_body::complete_pool;
use super::types;
use super::versions::{Offer, Unavailable};
use crate::arm::Refusal;

/// What may not change once a cluster stands.
const FIXED: &[&str] = &["dnsPrefix", "nodeResourceGroup"];

/// A refusal of AKS: `InvalidParameter` with the parameter that it is about.
pub fn invalid(parameter: &str, message: impl Into<String>) -> Refusal {
    Refusal::bad("InvalidParameter", message).about(parameter)
}

/// The document of a cluster, without what only time brings (identities, addresses, states).
///
/// `asked` is the body of the PUT, `standing` the document that it replaces.
pub fn complete(
    offer: &Offer,
    asked: &Value,
    standing: Option<&Value>,
    name: &str,
    group: &str,
    location: &str,
) -> Result<Value, Refusal> {
    let mut properties = asked["properties"].clone();
    if !properties.is_object() {
        return Err(invalid("properties", "Required parameter properties is missing (null)."));
    }
    types::check_cluster(&properties)?;
    if let Some(standing) = standing {
        check_fixed(&mut properties, &standing["properties"])?;
        if standing["location"] != location {
            return Err(Refusal::conflict(
                "InvalidResourceLocation",
                format!(
                    "The resource '{name}' already exists in location '{}' in resource group '{group}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
                    standing["location"].as_str().unwrap_or_default()
                ),
            ));
        }
    }
    let version = complete_version(offer, asked, &mut properties, standing)?;
    complete_identity(asked, &mut properties, standing)?;
    check_dns_prefix(&properties)?;
    default(&mut properties, "nodeResourceGroup", json!(format!("MC_{group}_{name}_{location}")));
    if properties["nodeResourceGroup"].as_str().is_some_and(|it| it.len() > 80) {
        return Err(invalid(
            "nodeResourceGroup",
            format!(
                "The length of the node resource group name is too long. The maximum length is 80 and the length of the value provided is {}. Please see https://aka.ms/aks-naming-rules for more details.",
                properties["nodeResourceGroup"].as_str().unwrap_or_default().len()
            ),
        ));
    }
    default(&mut properties, "enableRBAC", json!(true));
    default(&mut properties, "disableLocalAccounts", json!(false));
    default(&mut properties, "maxAgentPools", json!(100));
    default(&mut properties, "supportPlan", json!("KubernetesOfficial"));
    complete_access(&properties)?;
    super::lockdown::check(&properties)?;
    complete_network(&mut properties)?;
    if properties["autoUpgradeProfile"]["nodeOSUpgradeChannel"].is_null() {
        properties["autoUpgradeProfile"]["nodeOSUpgradeChannel"] = json!("NodeImage");
    }
    super::addons::mirror_monitoring(&mut properties, standing.map(|it| &it["properties"]));
    super::addons::check_cost_analysis(&properties, asked["sku"]["tier"].as_str().unwrap_or("Free"))?;
    complete_pools(offer, &mut properties, &version, location)?;
    offer.settle_images(standing, properties["agentPoolProfiles"].as_array_mut().map_or(&mut [], Vec::as_mut_slice));
    let mut document = json!({
        "location": location,
        "properties": properties,
        "sku": if asked["sku"].is_object() { asked["sku"].clone() } else { json!({"name": "Base", "tier": "Free"}) },
    });
    if asked["tags"].is_object() {
        document["tags"] = asked["tags"].clone();
    }
    if asked["identity"].is_object() {
        document["identity"] = asked["identity"].clone();
    }
    Ok(document)
}

/// Fills a field in that was left open.
pub fn default(properties: &mut Value, field: &str, value: Value) {
    if properties[field].is_null() || properties[field] == "" {
        properties[field] = value;
    }
}

fn check_fixed(properties: &mut Value, standing: &Value) -> Result<(), Refusal> {
    for field in FIXED {
        if properties[*field].is_null() {
            properties[*field] = standing[*field].clone();
        } else if properties[*field] != standing[*field] {
            return Err(Refusal::bad(
                "PropertyChangeNotAllowed",
                format!("Changing property '{field}' is not allowed."),
            )
            .about(field));
        }
    }
    let had_issuer = standing["oidcIssuerProfile"]["enabled"] == true;
    if had_issuer && properties["oidcIssuerProfile"]["enabled"] == false {
        return Err(Refusal::bad(
            "OIDCIssuerUnsupportedOperation",
            "OIDC issuer feature cannot be disabled once it is enabled.",
        ));
    }
    if had_issuer {
        properties["oidcIssuerProfile"] = standing["oidcIssuerProfile"].clone();
    }
    for field in ["networkPlugin", "networkPluginMode"] {
        let (asked, stands) = (&properties["networkProfile"][field], &standing["networkProfile"][field]);
        if !asked.is_null() && !stands.is_null() && asked != stands {
            return Err(Refusal::bad(
                "PropertyChangeNotAllowed",
                format!("Changing property 'networkProfile.{field}' is not allowed."),
            )
            .about("networkProfile"));
        }
    }
    Ok(())
}

fn complete_version(
    offer: &Offer,
    body: &Value,
    properties: &mut Value,
    standing: Option<&Value>,
) -> Result<String, Refusal> {
    let asked = properties["kubernetesVersion"].as_str().unwrap_or_default().to_owned();
    let current = standing.and_then(|it| it["properties"]["currentKubernetesVersion"].as_str());
    let long_term = properties["supportPlan"] == "AKSLongTermSupport" && body["sku"]["tier"] == "Premium";
    let version = match current {
        Some(current) if asked.is_empty() || current == asked || current.starts_with(&format!("{asked}.")) => {
            current.to_owned()
        }
        current => {
            let wanted = offer.resolve(&asked, long_term).map_err(|why| unavailable(body, &asked, why))?;
            if let Some(current) = current
                && !offer.upgrades(current).contains(&wanted)
            {
                return Err(Refusal::bad(
                    "OperationNotAllowed",
                    format!(
                        "Upgrading Kubernetes version {current} to {wanted} is not allowed. Available upgrades: {:?}. See https://aka.ms/aks-version-upgrade for more details on version upgrades.",
                        offer.upgrades(current)
                    ),
                ));
            }
            wanted.to_owned()
        }
    };
    default(properties, "kubernetesVersion", json!(version));
    properties["currentKubernetesVersion"] = json!(version);
    Ok(version)
}

fn unavailable(body: &Value, asked: &str, why: Unavailable) -> Refusal {
    let name = body["name"].as_str().unwrap_or_default();
    let why = match why {
        Unavailable::Unknown => "not supported in this region. Please use",
        Unavailable::LongTermOnly => {
            "only available for Long-Term Support (LTS). If you intend to onboard to LTS, please ensure the cluster is in Premium tier and LTS support plan. Otherwise, use"
        }
    };
    Refusal::bad(
        "K8sVersionNotSupported",
        format!(
            "Managed cluster {name} is on version {asked}, which is {why} [az aks get-versions] command to get the supported version list in this region. For more information, please check https://aka.ms/supported-version-list"
        ),
    )
}

/// A managed identity or a service principal: one of them a cluster must have, and from the first there is no way back.
fn complete_identity(asked: &Value, properties: &mut Value, standing: Option<&Value>) -> Result<(), Refusal> {
    let managed = matches!(asked["identity"]["type"].as_str(), Some("SystemAssigned" | "UserAssigned"));
    let principal =
        properties["servicePrincipalProfile"]["clientId"].as_str().filter(|it| *it != "msi").map(str::to_owned);
    match (managed, principal) {
        (false, Some(_))
            if standing.is_some_and(|it| it["properties"]["servicePrincipalProfile"]["clientId"] == "msi") =>
        {
            return Err(Refusal::bad(
                "BadRequest",
                "A cluster with a managed identity cannot be changed to one with a service principal.",
            )
            .about("servicePrincipalProfile"));
        }
        (true, _) => properties["servicePrincipalProfile"] = json!({"clientId": "msi"}),
        // The secret is taken and never told again.
        (false, Some(client)) => properties["servicePrincipalProfile"] = json!({ "clientId": client }),
        (false, None) => {
            return Err(invalid(
                "servicePrincipalProfile",
                "Required parameter servicePrincipalProfile is missing (null).",
            ));
        }
    }
    Ok(())
}

fn check_dns_prefix(properties: &Value) -> Result<(), Refusal> {
    let Some(prefix) = properties["dnsPrefix"].as_str().filter(|it| !it.is_empty()) else {
        return Err(invalid("dnsPrefix", "Required parameter dnsPrefix is missing (null)."));
    };
    let fits = prefix.len() <= 54
        && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && prefix.starts_with(|c: char| c.is_ascii_alphanumeric())
        && prefix.ends_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(invalid(
        "dnsPrefix",
        format!(
            "The DNS prefix '{prefix}' is invalid. DNS prefix must contain between 1 and 54 characters. It must contain only alphanumeric characters and hyphens, start and end with an alphanumeric character."
        ),
    ))
}

fn complete_access(properties: &Value) -> Result<(), Refusal> {
    let entra = &properties["aadProfile"];
    if entra.is_object() && entra["managed"] != true {
        return Err(invalid(
            "aadProfile.managed",
            "AAD integration V1 is not supported any more; set aadProfile.managed to true.",
        ));
    }
    if properties["disableLocalAccounts"] == true && !entra.is_object() {
        return Err(invalid(
            "disableLocalAccounts",
            "DisableLocalAccounts is only allowed for managed AAD enabled cluster.",
        ));
    }
    if properties["securityProfile"]["workloadIdentity"]["enabled"] == true
        && properties["oidcIssuerProfile"]["enabled"] != true
    {
        return Err(invalid(
            "securityProfile.workloadIdentity",
            "Workload identity can only be enabled on a cluster with OIDC issuer enabled.",
        ));
    }
    Ok(())
}

/// Without a plugin AKS takes `azure` with overlay; `azure` alone means addresses of the nodes' subnet.
fn complete_network(properties: &mut Value) -> Result<(), Refusal> {
    if !properties["networkProfile"].is_object() {
        properties["networkProfile"] = json!({});
    }
    let network = &mut properties["networkProfile"];
    if network["networkPlugin"].is_null() {
        network["networkPlugin"] = json!("azure");
        network["networkPluginMode"] = json!("overlay");
    }
    if !matches!(network["networkPlugin"].as_str(), Some("azure" | "kubenet" | "none")) {
        return Err(invalid(
            "networkProfile.networkPlugin",
            format!("The network plugin {} is not supported.", network["networkPlugin"]),
        ));
    }
    let policy = if network["networkPlugin"] == "kubenet" { "none" } else { "azure" };
    for (field, value) in [
        ("networkPolicy", "none"),
        ("networkDataplane", policy),
        ("loadBalancerSku", "standard"),
        ("outboundType", "loadBalancer"),
        ("serviceCidr", "10.0.0.0/16"),
        ("dnsServiceIP", "10.0.0.10"),
    ] {
        default(network, field, json!(value));
    }
    if network["outboundType"] == "loadBalancer" {
        default(network, "loadBalancerProfile", json!({"managedOutboundIPs": {"count": 1}}));
    }
    if network["networkPluginMode"] == "overlay" || network["networkPlugin"] == "kubenet" {
        default(network, "podCidr", json!("10.244.0.0/16"));
    }
    if network["networkPolicy"] == "cilium" {
        network["networkDataplane"] = json!("cilium");
    }
    Ok(())
}

fn complete_pools(offer: &Offer, properties: &mut Value, version: &str, location: &str) -> Result<(), Refusal> {
    let most_pods =
        match (&properties["networkProfile"]["networkPlugin"], &properties["networkProfile"]["networkPluginMode"]) {
            (plugin, _) if plugin == "kubenet" => 110,
            (_, mode) if mode == "overlay" => 250,
            _ => 30,
        };
    let pools = properties["agentPoolProfiles"].as_array_mut().filter(|pools| !pools.is_empty());
    let Some(pools) = pools else {
        return Err(invalid("agentPoolProfiles", "At least one agent pool profile is required."));
    };
    let mut systems = 0;
    for pool in pools.iter_mut() {
        complete_pool(offer, pool, version, location, most_pods)?;
        systems += i32::from(pool["mode"] == "System");
    }
    if systems == 0 {
        return Err(Refusal::bad("MustDefineAtLeastOneSystemPool", "Must define at least one system pool."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked() -> Value {
        json!({"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": {
            "dnsPrefix": "shop", "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5"}]}})
    }

    fn read(asked: &Value) -> Result<Value, Refusal> {
        complete(&Offer::calendar(jiff::Timestamp::UNIX_EPOCH), asked, None, "aks", "rg", "eastus")
    }

    #[test]
    fn what_is_left_open_is_filled_in_as_aks_does() {
        let body = read(&asked()).unwrap();
        let properties = &body["properties"];
        assert_eq!(properties["servicePrincipalProfile"]["clientId"], "msi");
        assert_eq!(properties["nodeResourceGroup"], "MC_rg_aks_eastus");
        assert_eq!(properties["networkProfile"]["networkPluginMode"], "overlay");
        assert_eq!(properties["currentKubernetesVersion"], "1.35.1");
        assert_eq!(properties["agentPoolProfiles"][0]["maxPods"], 250);
    }

    #[test]
    fn what_aks_refuses_is_refused_with_its_code() {
        let change = |path: &str, value: Value| {
            let mut asked = asked();
            *asked.pointer_mut(path).unwrap() = value;
            read(&asked).unwrap_err()
        };
        assert_eq!(
            change("/identity", Value::Null).body()["error"]["target"].as_str(),
            Some("servicePrincipalProfile")
        );
        assert_eq!(change("/properties/agentPoolProfiles", json!([])).code, "InvalidParameter");
        assert_eq!(change("/properties/dnsPrefix", json!("-x")).body()["error"]["target"].as_str(), Some("dnsPrefix"));
        let mut old = asked();
        old["properties"]["kubernetesVersion"] = json!("1.20");
        assert_eq!(read(&old).unwrap_err().code, "K8sVersionNotSupported");
        old["properties"]["kubernetesVersion"] = json!("1.33");
        assert!(read(&old).unwrap_err().message.contains("only available for Long-Term Support"));
        old["properties"]["supportPlan"] = json!("AKSLongTermSupport");
        old["sku"] = json!({"name": "Base", "tier": "Premium"});
        assert_eq!(read(&old).unwrap()["properties"]["currentKubernetesVersion"], "1.33.8");
        let mut local = asked();
        local["properties"]["disableLocalAccounts"] = json!(true);
        assert!(read(&local).unwrap_err().message.contains("managed AAD"));
    }
}
