"""A vault, who may read it, and its secrets."""

import os
import time

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SUBSCRIPTION = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}"


def vaults(az, group, suffix):
    name = f"kv-{os.getpid()}-{time.time_ns() % 10**9}"
    vault = az(f"keyvault create --resource-group {group} --name {name}")
    assert vault["properties"]["vaultUri"] == f"https://{name}{suffix}/", vault["properties"]
    az.refused("ForbiddenByRbac", f"keyvault secret set --vault-name {name} --name word --value one")
    assignments = az("role assignment list --scope", SUBSCRIPTION)
    [owner] = [it for it in assignments if it["roleDefinitionId"].endswith(OWNER)]
    assert owner["principalName"] == os.environ["AZURE_CLIENT_ID"], owner

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
