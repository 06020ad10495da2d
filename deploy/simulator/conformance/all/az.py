"""The Azure command line as everybody has it, signed in as a service principal."""

import json
import os
import subprocess
import sys
import tempfile
import time

VAULT = f"kv-az-{os.getpid()}-{int(time.time()) % 100000}"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SUBSCRIPTION = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"

folder = tempfile.TemporaryDirectory()
environment = dict(os.environ, AZURE_CONFIG_DIR=folder.name, AZURE_CORE_COLLECT_TELEMETRY="no")


def run(words, *more):
    command = [sys.executable, "-m", "azure.cli", *words.split(), *more, "--output", "json"]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=300, check=False)
    return done.returncode == 0, done.stdout, done.stderr


def az(words, *more):
    """What a command answers."""
    well, out, err = run(words, *more)
    assert well, f"az {words}: {err}"
    return json.loads(out) if out.strip() else None


def refused(part, words, *more):
    """Asserts that a command is refused with words that hold this part."""
    well, out, err = run(words, *more)
    assert not well and part in err, f"az {words}: {out}{err}"


def until_it_goes_well(words, *more):
    """A new role assignment counts after a while."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        well, out, err = run(words, *more)
        if well:
            return json.loads(out)
        assert "ForbiddenByRbac" in err, err
    raise AssertionError(f"az {words}: {err}")


secret = ["--password", os.environ["AZURE_CLIENT_SECRET"], "--tenant", os.environ["AZURE_TENANT_ID"]]
[account] = az("login --service-principal --username", os.environ["AZURE_CLIENT_ID"], *secret)
assert account["state"] == "Enabled" and account["cloudName"] == "AzureCloud", account
for namespace in ("KeyVault", "ContainerService", "ManagedIdentity", "OperationalInsights"):
    az("provider register --wait --namespace", f"Microsoft.{namespace}")

group = az("group create --name conformance-az --location westeurope")
assert group["properties"]["provisioningState"] == "Succeeded"
assert az("group exists --name conformance-az") is True

vault = az(f"keyvault create --resource-group conformance-az --name {VAULT}")
assert vault["properties"]["vaultUri"] == f"https://{VAULT}.vault.azure.net/"
refused("ForbiddenByRbac", f"keyvault secret set --vault-name {VAULT} --name word --value one")
assignments = az("role assignment list --fill-principal-name false --scope", SUBSCRIPTION)
[owner] = [it["principalId"] for it in assignments if it["roleDefinitionId"].endswith(OWNER)]
identity = az("identity create --resource-group conformance-az --name reader")
assert identity["clientId"] and identity["principalId"]
officer = ["--role", "Key Vault Secrets Officer", "--scope", vault["id"], "--assignee-principal-type", "ServicePrincipal"]
made = az("role assignment create", *officer, "--assignee-object-id", owner)
assert made["principalId"] == owner
until_it_goes_well(f"keyvault secret set --vault-name {VAULT} --name word --value one")
assert az(f"keyvault secret show --vault-name {VAULT} --name word")["value"] == "one"
assert [secret["name"] for secret in az(f"keyvault secret list --vault-name {VAULT}")] == ["word"]
az("role assignment delete --ids", made["id"])
listed = az("role assignment list --fill-principal-name false --scope", vault["id"])
assert made["name"] not in [assignment["name"] for assignment in listed]

workspace = az("monitor log-analytics workspace create --resource-group conformance-az --name logs")
assert workspace["provisioningState"] == "Succeeded" and workspace["customerId"]

shop = "--resource-group conformance-az --name shop"
aks = f"aks create {shop} --node-count 1 --enable-oidc-issuer --enable-workload-identity --no-ssh-key"
assert az(aks)["provisioningState"] == "Succeeded"
assert az(f"aks show {shop}")["oidcIssuerProfile"]["issuerUrl"].endswith("/")
config = os.path.join(folder.name, "kubeconfig")
az(f"aks get-credentials {shop} --admin --file", config)
nodes = subprocess.run(
    ["kubectl", "get", "nodes", "--context", "shop-admin", "-o", "name"],
    env=dict(environment, KUBECONFIG=config), text=True, capture_output=True, check=True,
).stdout
assert nodes.startswith("node/aks-nodepool1-"), nodes
monitored = az(f"aks enable-addons {shop} --addons monitoring --workspace-resource-id", workspace["id"])
assert monitored["addonProfiles"]["omsagent"]["enabled"], monitored["addonProfiles"]
az("aks nodepool upgrade --resource-group conformance-az --cluster-name shop --name nodepool1 --node-image-only")
assert az(f"aks update {shop} --enable-managed-identity --yes")["provisioningState"] == "Succeeded"
az(f"aks delete {shop} --yes")

az(f"keyvault delete --name {VAULT}")
assert az(f"keyvault recover --name {VAULT}")["properties"]["provisioningState"] == "Succeeded"
az(f"keyvault delete --name {VAULT}")
az(f"keyvault purge --name {VAULT}")
az("group delete --name conformance-az --yes")
assert az("group exists --name conformance-az") is False
