"""A cluster from its creation to its deletion."""

import os
import subprocess


def clusters(az, group):
    workspace = az(f"monitor log-analytics workspace create --resource-group {group} --name logs")
    assert workspace["provisioningState"] == "Succeeded" and workspace["customerId"]
    shop = f"--resource-group {group} --name shop"
    aks = f"aks create {shop} --node-count 1 --enable-oidc-issuer --enable-workload-identity --no-ssh-key"
    assert az(aks)["provisioningState"] == "Succeeded"
    assert az(f"aks show {shop}")["oidcIssuerProfile"]["issuerUrl"].endswith("/")
    config = os.path.join(az.environment["AZURE_CONFIG_DIR"], "kubeconfig")
    az(f"aks get-credentials {shop} --admin --file", config)
    kubectl = ["kubectl", "get", "nodes", "--context", "shop-admin", "-o", "name"]
    environment = dict(az.environment, KUBECONFIG=config)
    nodes = subprocess.run(kubectl, env=environment, text=True, capture_output=True, check=True).stdout
    assert nodes.startswith("node/aks-nodepool1-"), nodes
    monitored = az(f"aks enable-addons {shop} --addons monitoring --workspace-resource-id", workspace["id"])
    assert monitored["addonProfiles"]["omsagent"]["enabled"], monitored["addonProfiles"]
    az(f"aks nodepool upgrade --resource-group {group} --cluster-name shop --name nodepool1 --node-image-only")
    assert az(f"aks update {shop} --enable-managed-identity --yes")["provisioningState"] == "Succeeded"
    az(f"aks delete {shop} --yes")
