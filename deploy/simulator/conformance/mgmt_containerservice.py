"""azure-mgmt-containerservice: a cluster and its agent pools, from the list of versions over upgrade, stop and start to
the deletion."""

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.mgmt.containerservice import ContainerServiceClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, group, refused, register
from lib.cluster import body

register("Microsoft.ContainerService")
client = ContainerServiceClient(credential(), SUBSCRIPTION)
clusters, pools = client.managed_clusters, client.agent_pools

versions = clusters.list_kubernetes_versions(LOCATION).values_property
[default] = [version for version in versions if version.is_default]
assert default.patch_versions and "KubernetesOfficial" in default.capabilities.support_plan

with group("conformance-aks") as rg:
    refused(lambda: clusters.get(rg, "shop"), 404, "ResourceNotFound", "shop")
    poller = clusters.begin_create_or_update(rg, "shop", body("shop"))
    refused(lambda: clusters.begin_create_or_update(rg, "shop", body("shop")), 409, "OperationNotAllowed", "in progress")
    made = poller.result()
    assert made.properties.provisioning_state == "Succeeded" and made.properties.power_state.code == "Running"
    assert made.properties.fqdn.endswith(f".hcp.{LOCATION}.azmk8s.io")
    assert made.properties.identity_profile["kubeletidentity"].object_id and made.identity.principal_id
    assert made.properties.service_principal_profile.client_id == "msi"
    assert made.properties.oidc_issuer_profile.issuer_url.endswith("/")
    assert made.properties.node_resource_group == f"MC_{rg}_shop_{LOCATION}"
    assert clusters.get(rg, "SHOP").e_tag == made.e_tag
    assert [it.name for it in clusters.list_by_resource_group(rg)] == ["shop"]
    assert made.id in [it.id for it in clusters.list()]
    assert clusters.get_upgrade_profile(rg, "shop").properties.control_plane_profile.kubernetes_version

    [admin] = clusters.list_cluster_admin_credentials(rg, "shop").kubeconfigs
    assert admin.name == "clusterAdmin" and b"current-context" in admin.value
    [user] = clusters.list_cluster_user_credentials(rg, "shop").kubeconfigs
    assert user.name == "clusterUser"

    tagged = clusters.begin_update_tags(rg, "shop", {"tags": {"team": "payments"}}).result()
    assert tagged.tags == {"team": "payments"}
    stale = refused(
        lambda: clusters.begin_create_or_update(
            rg, "shop", body("shop"), etag="00000000", match_condition=MatchConditions.IfNotModified
        ),
        412,
        "PreconditionFailed",
    )
    assert isinstance(stale, ResourceModifiedError), type(stale)

    pool = {"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "User", "osType": "Linux"}}
    added = pools.begin_create_or_update(rg, "shop", "extra", pool).result()
    assert added.properties.provisioning_state == "Succeeded" and added.properties.count == 1
    assert sorted(it.name for it in pools.list(rg, "shop")) == ["extra", "system"]
    pool["properties"]["count"] = 2
    assert pools.begin_create_or_update(rg, "shop", "extra", pool).result().properties.count == 2
    assert pools.get_upgrade_profile(rg, "shop", "extra").properties.latest_node_image_version
    pools.begin_upgrade_node_image_version(rg, "shop", "extra").result()
    pools.begin_delete(rg, "shop", "extra").result()
    refused(lambda: pools.get(rg, "shop", "extra"), 404, "ResourceNotFound")
    assert [it.name for it in pools.list(rg, "shop")] == ["system"]

    [master] = [clusters.get_upgrade_profile(rg, "shop").properties.control_plane_profile]
    newer = [it.kubernetes_version for it in master.upgrades if not it.is_preview][-1]
    wanted = body("shop")
    wanted["properties"]["kubernetesVersion"] = newer
    poller = clusters.begin_create_or_update(rg, "shop", wanted)
    assert clusters.get(rg, "shop").properties.provisioning_state == "Upgrading"
    upgraded = poller.result()
    assert upgraded.properties.current_kubernetes_version == newer
    assert pools.get(rg, "shop", "system").properties.current_orchestrator_version == newer

    refused(lambda: clusters.begin_start(rg, "shop"), 400, "BadRequest", "starting cannot be performed")
    clusters.begin_stop(rg, "shop").result()
    assert clusters.get(rg, "shop").properties.power_state.code == "Stopped"
    refused(lambda: clusters.begin_stop(rg, "shop"), 400, "BadRequest", "Power State(Stopped), stopping cannot be performed")
    refused(lambda: pools.begin_create_or_update(rg, "shop", "extra", pool), 400, "BadRequest")
    clusters.begin_start(rg, "shop").result()
    started = clusters.get(rg, "shop").properties
    assert (started.power_state.code, started.provisioning_state) == ("Running", "Succeeded")

    small = body("small")
    small["properties"]["agentPoolProfiles"][0]["vmSize"] = "Standard_A1"
    refused(lambda: clusters.begin_create_or_update(rg, "small", small), 400, "BadRequest")

    clusters.begin_delete(rg, "shop").result()
    gone = refused(lambda: clusters.get(rg, "shop"), 404, "ResourceNotFound")
    assert isinstance(gone, ResourceNotFoundError)
