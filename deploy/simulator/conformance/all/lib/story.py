"""What everybody does with the command line, from signing in to taking everything away; the same in every cloud."""

import json
import os
import subprocess
import time

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SUBSCRIPTION = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"


def story(az, cloud, suffix):
    """All of it; `suffix` is the end of a vault's address there."""
    secret = ["--password", os.environ["AZURE_CLIENT_SECRET"], "--tenant", os.environ["AZURE_TENANT_ID"]]
    [account] = az("login --service-principal --username", os.environ["AZURE_CLIENT_ID"], *secret)
    assert account["state"] == "Enabled" and account["cloudName"] == cloud, account
    for namespace in ("KeyVault", "ContainerService", "ManagedIdentity", "OperationalInsights"):
        az("provider register --wait --namespace", f"Microsoft.{namespace}")

    name = f"conformance-{cloud}".lower()
    group = az(f"group create --name {name} --location westeurope")
    assert group["properties"]["provisioningState"] == "Succeeded"
    assert az(f"group exists --name {name}") is True
    directory(az)
    roles(az, group["id"])
    vaults(az, name, suffix)
    clusters(az, name)
    az(f"group delete --name {name} --yes")
    assert az(f"group exists --name {name}") is False


def directory(az):
    """Who there is, as the directory tells."""
    owner = az("ad sp show --id", os.environ["AZURE_CLIENT_ID"])
    assert owner["displayName"] == "subscription-owner", owner
    assert [it["id"] for it in az("ad sp list --display-name subscription-owner")] == [owner["id"]]
    manager = az("ad user show --id manager@contoso.example")
    [payments] = az("ad group list --display-name Payments")
    member = az("ad group member check --group", payments["id"], "--member-id", manager["id"])
    assert member["value"] is True, member
    [group] = az("ad user get-member-groups --id manager@contoso.example")
    assert group["displayName"] == "Payments", group


def roles(az, scope):
    """A role of one's own, from its making to its end."""
    wanted = {"Name": f"Vault watcher of {scope}", "Actions": ["Microsoft.KeyVault/vaults/read"], "AssignableScopes": [scope]}
    made = az("role definition create --role-definition", json.dumps(wanted))
    assert made["roleType"] == "CustomRole" and made["assignableScopes"] == [scope], made
    given = az("role assignment create --role", wanted["Name"], "--scope", scope, "--assignee", "auditor@contoso.example")
    [listed] = az("role assignment list --scope", scope, "--assignee", "auditor@contoso.example")
    assert listed["roleDefinitionName"] == wanted["Name"], listed
    az.refused("RoleDefinitionHasAssignments", "role definition delete --scope", scope, "--name", wanted["Name"])
    az("role assignment delete --ids", given["id"])
    az("role definition delete --scope", scope, "--name", wanted["Name"])
    assert az("role definition list --custom-role-only true --scope", scope) == []


def vaults(az, group, suffix):
    """A vault, who may read it, and its secrets."""
    name = f"kv-{os.getpid()}-{time.time_ns() % 10**9}"
    vault = az(f"keyvault create --resource-group {group} --name {name}")
    assert vault["properties"]["vaultUri"] == f"https://{name}{suffix}/", vault["properties"]
    az.refused("ForbiddenByRbac", f"keyvault secret set --vault-name {name} --name word --value one")
    assignments = az("role assignment list --scope", SUBSCRIPTION)
    [owner] = [it for it in assignments if it["roleDefinitionId"].endswith(OWNER)]
    assert owner["principalName"] == os.environ["AZURE_CLIENT_ID"], owner
    identity = az(f"identity create --resource-group {group} --name reader")
    assert identity["clientId"] and identity["principalId"]

    officer = ["--role", "Key Vault Secrets Officer", "--scope", vault["id"]]
    made = az("role assignment create", *officer, "--assignee", os.environ["AZURE_CLIENT_ID"])
    assert made["principalId"] == owner["principalId"] and made["principalType"] == "ServicePrincipal", made
    user = ["--role", "Key Vault Secrets User", "--scope", vault["id"]]
    person = az("role assignment create", *user, "--assignee", "manager@contoso.example")
    assert person["principalType"] == "User", person
    az.refused("Cannot find user or service principal", "role assignment create", *user, "--assignee", "nobody@contoso.example")
    mine = az("role assignment list --scope", vault["id"], "--assignee", "manager@contoso.example")
    assert [it["principalName"] for it in mine] == ["manager@contoso.example"], mine

    az.until_it_goes_well(f"keyvault secret set --vault-name {name} --name word --value one")
    assert az(f"keyvault secret show --vault-name {name} --name word")["value"] == "one"
    assert [secret["name"] for secret in az(f"keyvault secret list --vault-name {name}")] == ["word"]
    az("role assignment delete --ids", made["id"])
    listed = az("role assignment list --scope", vault["id"])
    assert made["name"] not in [assignment["name"] for assignment in listed]

    az(f"keyvault delete --name {name}")
    assert az(f"keyvault recover --name {name}")["properties"]["provisioningState"] == "Succeeded"
    az(f"keyvault delete --name {name}")
    az(f"keyvault purge --name {name}")


def clusters(az, group):
    """A cluster from its creation to its deletion."""
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
