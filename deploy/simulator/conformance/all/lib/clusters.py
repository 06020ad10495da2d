"""A cluster as everybody makes one today, and one with a service principal that becomes such a one."""

import os
import subprocess


def clusters(az, group):
    today(az, f"--resource-group {group} --name today")
    shop = f"--resource-group {group} --name shop"
    principal, secret = os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
    aks = f"aks create {shop} --node-count 1 --no-ssh-key --service-principal {principal} --client-secret"
    assert az(aks, secret)["provisioningState"] == "Succeeded"
    made = az(f"aks show {shop}")
    assert made["servicePrincipalProfile"]["clientId"] == principal, made["servicePrincipalProfile"]
    assert made["identity"] is None and made["identityProfile"] is None, made
    nodes(az, shop)
    managed_identity(az, group, shop)
    workload_identity(az, shop)
    monitoring(az, group, shop)
    az(f"aks delete {shop} --yes")


def today(az, cluster):
    """It has an identity from the first, and so can its pods."""
    made = az(f"aks create {cluster} --node-count 1 --enable-oidc-issuer --enable-workload-identity --no-ssh-key")
    assert made["provisioningState"] == "Succeeded" and made["identity"]["principalId"], made
    assert made["oidcIssuerProfile"]["issuerUrl"].endswith("/"), made["oidcIssuerProfile"]
    az(f"aks delete {cluster} --yes")
    az.refused("ResourceNotFound", f"aks show {cluster}")


def nodes(az, shop):
    """What its administrator sees of it."""
    config = os.path.join(az.environment["AZURE_CONFIG_DIR"], "kubeconfig")
    az(f"aks get-credentials {shop} --admin --file", config)
    kubectl = ["kubectl", "get", "nodes", "--context", "shop-admin", "-o", "name"]
    environment = dict(az.environment, KUBECONFIG=config)
    found = subprocess.run(kubectl, env=environment, text=True, capture_output=True, check=True).stdout
    assert found.startswith("node/aks-nodepool1-"), found


def managed_identity(az, group, shop):
    """The cluster gets an identity of its own at once, its nodes with their next image."""
    changed = az(f"aks update {shop} --enable-managed-identity --yes")
    assert changed["provisioningState"] == "Succeeded", changed
    az(f"aks nodepool upgrade --resource-group {group} --cluster-name shop --name nodepool1 --node-image-only")
    now = az(f"aks show {shop}")
    assert now["servicePrincipalProfile"]["clientId"] == "msi", now["servicePrincipalProfile"]
    assert now["identityProfile"]["kubeletidentity"]["resourceId"].endswith("/shop-agentpool"), now["identityProfile"]
    assert now["identity"] and now["identity"]["type"] == "SystemAssigned", now["identity"]
    known = az("ad sp show --id", now["identity"]["principalId"])
    assert (known["displayName"], known["servicePrincipalType"]) == ("shop", "ManagedIdentity"), known


def workload_identity(az, shop):
    """Pods can have identities from now on."""
    az(f"aks update {shop} --enable-oidc-issuer --enable-workload-identity")
    now = az(f"aks show {shop}")
    assert now["oidcIssuerProfile"]["issuerUrl"].endswith("/"), now["oidcIssuerProfile"]
    assert now["securityProfile"]["workloadIdentity"]["enabled"] is True, now["securityProfile"]


def monitoring(az, group, shop):
    """The cluster signs in to the workspace with its own identity, and its nodes need no further one."""
    workspace = az(f"monitor log-analytics workspace create --resource-group {group} --name logs")
    monitored = az(f"aks enable-addons {shop} --addons monitoring --workspace-resource-id", workspace["id"])
    addon = monitored["addonProfiles"]["omsagent"]
    assert addon["enabled"] and addon["config"]["useAADAuth"] == "true", addon
    assert addon.get("identity") is None, addon
