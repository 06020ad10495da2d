//! Valid requests to the resource manager: every kind, every function, and what stands beside them.
use azure_simulator::World;
use serde_json::{Value, json};

use super::corpus::{Valid, valid};
use crate::aks;

/// A group that nothing is deleted from, and one in which everything may go.
pub const STAGE: &str = "/resourceGroups/rg";
const LOOSE: &str = "/resourceGroups/loose";

/// All that the resource manager takes.
pub fn all(world: &World) -> Vec<Valid> {
    let subscription = world.subscription_id();
    let mut all = Vec::new();
    let mut add = |method: &'static str, path: &str, body: Value| {
        let path = if path.starts_with("//") { path[1..].to_owned() } else { format!("{subscription}{path}") };
        let sign = if path.contains('?') { '&' } else { '?' };
        all.push(valid("management.azure.com", method, format!("{path}{sign}api-version=2024-11-01"), body));
    };
    for (path, body) in resources(world) {
        let collection = path.rsplit_once('/').map_or("", |(collection, _)| collection);
        // Writing is where most can be wrong.
        for _ in 0..3 {
            add("PUT", &path, body.clone());
        }
        add("PATCH", &path, body.clone());
        add("GET", &path, Value::Null);
        add("GET", collection, Value::Null);
        if path.starts_with(LOOSE) {
            add("DELETE", &path, Value::Null);
        }
    }
    // What others have added needs no row here to be asked.
    for kind in world.parts.kinds() {
        let mut parts = kind.name().split('/');
        let mut path = format!("{LOOSE}/providers/{}", parts.next().unwrap_or_default());
        parts.for_each(|part| path.push_str(&format!("/{part}/thing")));
        let body = json!({"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}, "tags": {"a": "b"}});
        add("PUT", &path, body.clone());
        add("PATCH", &path, body);
        add("POST", &format!("{path}/listKeys"), json!({}));
    }
    for function in world.parts.functions() {
        let mut path = format!("/providers/{}", function.path());
        for (name, value) in
            [("{location}", "westeurope"), ("{vault}", "kv-gone"), ("{namespace}", "Microsoft.Compute")]
        {
            path = path.replace(name, value);
        }
        let method = if function.method() == http::Method::POST { "POST" } else { "GET" };
        add(method, &path, json!({"name": "kv-new", "type": "Microsoft.KeyVault/vaults"}));
    }
    let from = "2026-01-01T00:00:00Z";
    for path in [
        "?",
        "/resourceGroups?$top=2",
        "/resources?$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'&$expand=createdTime",
        "/locations?",
        "/providers?",
        "//subscriptions?",
        "//tenants?",
        "//metadata/endpoints?",
        "/operationresults/x?",
        "/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'Reader'",
        "/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()",
        "/providers/Microsoft.Compute/skus?$filter=location%20eq%20'westeurope'",
        "/providers/Microsoft.ContainerService/locations/westeurope/operations/x?",
    ] {
        add("GET", path, Value::Null);
    }
    add(
        "GET",
        &format!(
            "/providers/Microsoft.Insights/eventtypes/management/values?$filter=eventTimestamp%20ge%20'{from}'&$select=caller"
        ),
        Value::Null,
    );
    let checked = json!({"resourceDetails": {"resourceContent": {"type": "Microsoft.KeyVault/vaults", "location": "westeurope"},
        "apiVersion": "2026-02-01", "scope": subscription}, "pendingFields": [{"field": "tags", "values": ["a"]}]});
    add("POST", "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions", checked);
    let shop = aks::CLUSTER;
    for action in
        ["listClusterUserCredential", "listClusterAdminCredential", "agentPools/system/upgradeNodeImageVersion"]
    {
        add("POST", &format!("{shop}/{action}"), Value::Null);
    }
    for view in ["upgradeProfiles/default", "agentPools/system/upgradeProfiles/default", "agentPools"] {
        add("GET", &format!("{shop}/{view}"), Value::Null);
    }
    all
}

/// Each sort of resource, with a body that is taken.
fn resources(world: &World) -> Vec<(String, Value)> {
    let subscription = world.subscription_id();
    let (here, plain) = (format!("{LOOSE}/providers"), json!({"location": "westeurope", "tags": {"team": "payments"}}));
    let mut vault = plain.clone();
    vault["properties"] = json!({"tenantId": world.tenant, "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": false, "softDeleteRetentionInDays": 7, "accessPolicies": [{"tenantId": world.tenant,
        "objectId": world.subscription, "permissions": {"secrets": ["get", "list"]}}],
        "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "10.0.0.0/8"}]}});
    let mut cluster = aks::body();
    cluster["sku"] = json!({"name": "Base", "tier": "Standard"});
    let more = json!({"kubernetesVersion": "1.34", "addonProfiles": {"omsagent": {"enabled": true, "config": {
        "logAnalyticsWorkspaceResourceID": format!("{subscription}{LOOSE}/providers/Microsoft.OperationalInsights/workspaces/logs")}}},
        "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
        "azureMonitorProfile": {"metrics": {"enabled": false}}, "servicePrincipalProfile": {"clientId": "msi"},
        "apiServerAccessProfile": {"authorizedIPRanges": ["10.0.0.0/8"]}, "identityProfile": {"kubeletidentity": {
        "resourceId": format!("{subscription}{LOOSE}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app")}}});
    for (name, value) in more.as_object().into_iter().flatten() {
        cluster["properties"][name] = value.clone();
    }
    let mut smaller = cluster.clone();
    smaller["properties"]["dnsPrefix"] = json!("small");
    smaller["properties"]["agentPoolProfiles"][0]["count"] = json!(1);
    let pool = json!({"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "User", "osType": "Linux",
        "availabilityZones": ["1"], "nodeLabels": {"a": "b"}, "nodeTaints": ["a=b:NoSchedule"], "minCount": 1, "maxCount": 3,
        "upgradeSettings": {"maxSurge": "33%", "drainTimeoutInMinutes": 5}, "orchestratorVersion": "1.34"}});
    let window = json!({"properties": {"maintenanceWindow": {"durationHours": 4, "startTime": "00:00",
        "startDate": "2026-12-01", "utcOffset": "+01:00", "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Monday"}}}}});
    let role = format!(
        "{subscription}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    );
    let assignment = json!({"properties": {"roleDefinitionId": role, "principalId": azure_simulator::seed::id_of("identity/portal"),
        "principalType": "ServicePrincipal", "conditionVersion": "2.0",
        "condition": "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {acdd72a7-3385-48ef-bd42-f606fba81ae7}))"}});
    let policy = json!({"properties": {"displayName": "Places", "mode": "All", "policyType": "Custom",
        "parameters": {"places": {"type": "Array", "defaultValue": ["westeurope"]}},
        "policyRule": {"if": {"allOf": [{"field": "type", "equals": "Microsoft.X/y"}, {"not": {"field": "location", "in": "[parameters('places')]"}},
        {"anyOf": [{"field": "tags['a']", "exists": "false"}, {"field": "name", "like": "a*"}]}]}, "then": {"effect": "deny"}}}});
    let places = "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";
    let placed = json!({"properties": {"displayName": "Places", "policyDefinitionId": places, "enforcementMode": "Default",
        "notScopes": [], "nonComplianceMessages": [{"message": "no"}], "parameters": {"listOfAllowedLocations": {"value": ["westeurope"]}}}});
    let workspace =
        json!({"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 60}});
    let stream = "Microsoft-ContainerInsights-Group-Default";
    let rule = json!({"location": "westeurope", "kind": "Linux", "properties": {
        "dataSources": {"extensions": [{"name": "c", "extensionName": "ContainerInsights", "streams": [stream], "extensionSettings": {}}]},
        "dataFlows": [{"streams": [stream], "destinations": ["la"]}],
        "destinations": {"logAnalytics": [{"workspaceResourceId": format!("{subscription}{LOOSE}/providers/Microsoft.OperationalInsights/workspaces/logs"), "name": "la"}]}}});
    let mut all: Vec<(String, Value)> = vec![
        (STAGE.to_owned(), plain.clone()),
        (LOOSE.to_owned(), plain.clone()),
        (format!("{STAGE}/providers/Microsoft.KeyVault/vaults/kv-one"), vault.clone()),
        (aks::CLUSTER.to_owned(), cluster),
        (format!("{}/agentPools/system", aks::CLUSTER), pool.clone()),
        (format!("{}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule", aks::CLUSTER), window),
    ];
    let guid = world.tenant;
    for (path, body) in [
        ("Microsoft.KeyVault/vaults/kv-loose", vault),
        ("Microsoft.ContainerService/managedClusters/small", smaller),
        ("Microsoft.ContainerService/managedClusters/small/agentPools/more", pool),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/app", plain.clone()),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/app/federatedIdentityCredentials/web",
            json!({"properties": {"issuer": "https://westeurope.oic.prod-aks.azure.com/a/b/", "subject": "system:serviceaccount:a:b", "audiences": ["api://AzureADTokenExchange"]}}),
        ),
        (&format!("Microsoft.Authorization/roleAssignments/{guid}"), assignment),
        (
            "Microsoft.Authorization/locks/keep",
            json!({"properties": {"level": "CanNotDelete", "notes": "n", "owners": [{"applicationId": "x"}]}}),
        ),
        ("Microsoft.Authorization/policyAssignments/places", placed),
        (
            "Microsoft.ContainerRegistry/registries/crloose",
            json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": false}}),
        ),
        ("Microsoft.OperationalInsights/workspaces/logs", workspace),
        ("Microsoft.Insights/dataCollectionRules/rule", rule),
        (
            "Microsoft.KeyVault/vaults/kv-loose/providers/Microsoft.Insights/dataCollectionRuleAssociations/one",
            json!({"properties": {"dataCollectionRuleId": format!("{subscription}{LOOSE}/providers/Microsoft.Insights/dataCollectionRules/rule")}}),
        ),
    ] {
        all.push((format!("{here}/{path}"), body));
    }
    all.push(("/providers/Microsoft.Authorization/policyDefinitions/places".to_owned(), policy));
    all
}
