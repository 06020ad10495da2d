"""azure-mgmt-containerservice: a cluster that acts through a service principal, and its way to a managed identity."""

import os

from azure.mgmt.containerservice import ContainerServiceClient

from lib.azure import SUBSCRIPTION, TENANT, credential, group, refused, register
from lib.cluster import body
from lib.scale_sets import identities

PRINCIPAL = {"clientId": os.environ["AZURE_CLIENT_ID"], "secret": os.environ["AZURE_CLIENT_SECRET"]}
DRIVER = "azureKeyvaultSecretsProvider"

register("Microsoft.ContainerService")
client = ContainerServiceClient(credential(), SUBSCRIPTION)
clusters, pools = client.managed_clusters, client.agent_pools


def put(wanted):
    return clusters.begin_create_or_update(rg, "shop", wanted).result()


with group("conformance-principal") as rg:
    wanted = body("shop")
    del wanted["identity"]
    refused(lambda: put(wanted), 400, "InvalidParameter", "servicePrincipalProfile")
    wanted["properties"]["servicePrincipalProfile"] = PRINCIPAL
    made = put(wanted)
    profile = made.properties.service_principal_profile
    assert (profile.client_id, profile.secret) == (PRINCIPAL["clientId"], None), "the secret is never told again"
    assert made.identity is None and not made.properties.identity_profile, made.as_dict()
    assert identities(made) == {}

    # An add-on acts through the service principal as well, and brings no identity.
    made.properties.addon_profiles = {DRIVER: {"enabled": True}}
    with_driver = put(made)
    assert with_driver.properties.service_principal_profile.client_id == PRINCIPAL["clientId"]
    assert with_driver.properties.addon_profiles[DRIVER].identity is None, with_driver.properties.addon_profiles
    assert identities(with_driver) == {}

    wanted = clusters.get(rg, "shop")
    wanted.identity = {"type": "SystemAssigned"}
    wanted.properties.service_principal_profile = {"clientId": "msi"}
    changed = put(wanted)
    own = changed.identity
    assert own and (own.type, own.tenant_id) == ("SystemAssigned", TENANT) and own.principal_id, own
    assert changed.properties.service_principal_profile.client_id == "msi"
    assert set(changed.properties.identity_profile) == {"kubeletidentity"}
    kubelet = changed.properties.identity_profile["kubeletidentity"]
    assert kubelet.resource_id.endswith("/userAssignedIdentities/shop-agentpool"), kubelet.resource_id
    assert kubelet.object_id != own.principal_id, "the nodes are somebody else than the cluster"

    # Nodes go on with the service principal until they get their image anew.
    pools.begin_upgrade_node_image_version(rg, "shop", "system").result()
    upgraded = clusters.get(rg, "shop")
    driver = upgraded.properties.addon_profiles[DRIVER].identity
    assert identities(upgraded) == {
        "shop-agentpool": (kubelet.client_id, kubelet.object_id),
        "azurekeyvaultsecretsprovider-shop": (driver.client_id, driver.object_id),
    }
    assert upgraded.identity.principal_id == own.principal_id

    back = upgraded.as_dict()
    del back["identity"]
    back["properties"]["servicePrincipalProfile"] = PRINCIPAL
    refused(lambda: put(back), 400, None)
    assert clusters.get(rg, "shop").properties.service_principal_profile.client_id == "msi"
    clusters.begin_delete(rg, "shop").result()
