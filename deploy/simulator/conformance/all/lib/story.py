"""What everybody does with the command line, from signing in to taking everything away; the same in every cloud."""

import os

from lib.clusters import clusters
from lib.directory import directory
from lib.identities import identities
from lib.roles import roles
from lib.vaults import vaults
from lib.workspaces import workspaces


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
    identities(az, name)
    vaults(az, name, suffix)
    workspaces(az, name)
    clusters(az, name)
    az(f"group delete --name {name} --yes")
    assert az(f"group exists --name {name}") is False
