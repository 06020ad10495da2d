"""azure-mgmt-containerservice: a cluster's add-ons and cost analysis, and the identity that each puts on the nodes."""

from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.loganalytics import LogAnalyticsManagementClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, group, refused, register
from lib.cluster import body
from lib.scale_sets import identities

OWN = "shop-agentpool"
COSTS = "cost-analysis-identity"
# Each add-on, and the identity that it brings.
BRINGS = {
    "omsagent": "omsagent-shop",
    "azurepolicy": "azurepolicy-shop",
    "azureKeyvaultSecretsProvider": "azurekeyvaultsecretsprovider-shop",
}

register("Microsoft.ContainerService", "Microsoft.OperationalInsights")
clusters = ContainerServiceClient(credential(), SUBSCRIPTION).managed_clusters


def change(tier="Free", **properties):
    """Changes what is named of the cluster, and leaves the rest as it is."""
    cluster = clusters.get(rg, "shop")
    cluster.sku = {"name": "Base", "tier": tier}
    for name, value in properties.items():
        setattr(cluster.properties, name, value)
    return clusters.begin_create_or_update(rg, "shop", cluster).result()


def switch_on(**wanted):
    """The cluster with these add-ons, each with its settings, and no other."""
    profiles = {key: {"enabled": key in wanted, "config": wanted.get(key)} for key in BRINGS}
    return change(addon_profiles=profiles, azure_monitor_profile=None)


def holds(cluster, *keys):
    """The identities of these add-ons are told with the cluster and on its nodes; no others are."""
    there = identities(cluster)
    assert set(there) == {OWN} | {BRINGS[key] for key in keys}, there
    for key, profile in cluster.properties.addon_profiles.items():
        told = profile.identity and (profile.identity.client_id, profile.identity.object_id)
        assert told == (there[BRINGS[key]] if key in keys else None), (key, told)


with group("conformance-addons") as rg:
    workspaces = LogAnalyticsManagementClient(credential(), SUBSCRIPTION).workspaces
    sku = {"sku": {"name": "PerGB2018"}}
    workspace = workspaces.begin_create_or_update(rg, "logs", {"location": LOCATION, "properties": sku}).result().id
    wanted = body("shop")
    second = {"name": "user", "mode": "User", "count": 1, "vmSize": "Standard_D2s_v5", "osType": "Linux"}
    wanted["properties"]["agentPoolProfiles"].append(second)
    made = clusters.begin_create_or_update(rg, "shop", wanted).result()
    kubelet = made.properties.identity_profile["kubeletidentity"]
    assert identities(made) == {OWN: (kubelet.client_id, kubelet.object_id)}

    holds(switch_on(azurepolicy={}), "azurepolicy")
    holds(switch_on(azureKeyvaultSecretsProvider={}), "azureKeyvaultSecretsProvider")

    # Monitoring in the old way has an identity of its own, and with Entra that of the cluster.
    logs = {"logAnalyticsWorkspaceResourceID": workspace}
    holds(switch_on(omsagent=logs), "omsagent")
    holds(switch_on(omsagent=logs | {"useAADAuth": "false"}), "omsagent")
    entra = switch_on(omsagent=logs | {"useAADAuth": "true"})
    holds(entra)

    everything = {"azurepolicy": {}, "azureKeyvaultSecretsProvider": {"enableSecretRotation": "true"}, "omsagent": logs}
    holds(switch_on(**everything), *everything)
    none = switch_on()
    holds(none)
    assert identities(none)[OWN] == (kubelet.client_id, kubelet.object_id), "the nodes' own identity stays the same"

    # The newer switch of monitoring and the add-on with Entra are two words for one thing.
    mirrored = entra.properties.azure_monitor_profile
    assert mirrored and mirrored.container_insights.enabled, mirrored
    assert mirrored.container_insights.log_analytics_workspace_resource_id.lower() == workspace.lower()
    newer = {"containerInsights": {"enabled": True, "logAnalyticsWorkspaceResourceId": workspace}}
    monitored = change(addon_profiles=None, azure_monitor_profile=newer)
    assert monitored.properties.addon_profiles["omsagent"].config["useAADAuth"] == "true"
    holds(monitored)

    # Costs by namespace are for a tier that is paid, which nobody leaves while they are on.
    costs = {"costAnalysis": {"enabled": True}}
    refused(lambda: change("Free", metrics_profile=costs), 400, None)
    analysed = change("Standard", metrics_profile=costs)
    assert set(identities(analysed)) == {OWN, COSTS}, identities(analysed)
    assert set(analysed.properties.identity_profile) == {"kubeletidentity"}
    refused(lambda: change("Free"), 400, None)
    without = change("Standard", metrics_profile={"costAnalysis": {"enabled": False}})
    assert set(identities(without)) == {OWN}
    assert change("Free").sku.tier == "Free"
    clusters.begin_delete(rg, "shop").result()
