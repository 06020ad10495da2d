"""What the simulator answers, held against Microsoft's own definitions: required members, types, values, who may write."""

import os
import pathlib
import sys
import uuid

import requests

from lib import cluster, vault
from lib.azure import LOCATION, SUBSCRIPTION, TENANT, credential, group, object_id, register, role_id, until

if not pathlib.Path(os.environ["AZURE_SPECS"]).is_dir():
    sys.exit(print(f"skipped: there are no definitions in {os.environ['AZURE_SPECS']}"))

from lib.definitions import Definitions

ARM = "https://management.azure.com"
HEADERS = {"authorization": f"Bearer {credential().get_token(f'{ARM}/.default').token}"}
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
STREAM = "Microsoft-ContainerInsights-Group-Default"
# The conditions of built-in roles are told in later api-versions than the definitions are of.
KNOWN = {
    f"Microsoft.Authorization/roleDefinitions answered.properties.permissions[].{member}: is not defined"
    for member in ("condition", "conditionVersion")
} | {
    # Came with 2026-08-01; every api-version is given the newest answer.
    "Microsoft.ContainerService/managedClusters answered.properties.azureMonitorProfile.containerInsights: is not defined"
}
definitions, session = Definitions(), requests.Session()
wrong, looked = [], set()


def look(document):
    """Takes down what of an answered resource is not as it is defined."""
    if document["type"].lower() in definitions.types:
        looked.add(document["type"].lower())
        wrong.extend(f"{document['type']} answered{line}" for line in definitions.wrong_answer(document))


def put(path, kind, body):
    """Makes a resource with a body that is as it is defined."""
    wrong.extend(f"{kind} asked{line}" for line in definitions.wrong_request(kind, body))
    return write(path, body)


def write(path, body):
    """Makes a resource, asks for it until it has settled, and looks at each answer; the last one."""
    url = f"{ARM}{path}?api-version=2026-02-01"
    answer = session.put(url, json=body, headers=HEADERS, timeout=60)
    assert answer.ok, answer.text
    if answer.text:
        look(answer.json())

    def settled():
        found = session.get(url, headers=HEADERS, timeout=60).json()
        look(found)
        return found if found["properties"].get("provisioningState", "Succeeded") == "Succeeded" else None

    return until(settled)


register("Microsoft.ContainerService", "Microsoft.KeyVault", "Microsoft.OperationalInsights", "Microsoft.Insights")
with group("conformance-definitions") as rg:
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{rg}"
    here = f"{scope}/providers"
    plain = {"location": LOCATION, "tags": {"team": "payments"}}
    put(scope, "Microsoft.Resources/resourceGroups", plain)

    name = f"kv-{uuid.uuid4().hex[:12]}"
    put(f"{here}/Microsoft.KeyVault/vaults/{name}", "Microsoft.KeyVault/vaults", vault.body())
    identity = f"{here}/Microsoft.ManagedIdentity/userAssignedIdentities/app"
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
    made = put(identity, kind, plain)
    # What only Azure may write is not taken.
    again = write(identity, {**plain, "properties": {"principalId": TENANT}})
    assert again["properties"]["principalId"] == made["properties"]["principalId"]
    subject = {"issuer": "https://issuer.example/", "subject": "web", "audiences": ["api://AzureADTokenExchange"]}
    put(f"{identity}/federatedIdentityCredentials/web", f"{kind}/federatedIdentityCredentials", {"properties": subject})

    workspace = f"{here}/Microsoft.OperationalInsights/workspaces/logs"
    kept = {"properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 60}, **plain}
    put(workspace, "Microsoft.OperationalInsights/workspaces", kept)
    collects = {
        "dataSources": {"extensions": [{"name": "insights", "extensionName": "ContainerInsights", "streams": [STREAM]}]},
        "destinations": {"logAnalytics": [{"workspaceResourceId": workspace, "name": "logs"}]},
        "dataFlows": [{"streams": [STREAM], "destinations": ["logs"]}],
    }
    rule = f"{here}/Microsoft.Insights/dataCollectionRules/rule"
    body = {"location": LOCATION, "kind": "Linux", "properties": collects}
    until(lambda: session.put(f"{ARM}{rule}?api-version=2022-06-01", json=body, headers=HEADERS, timeout=60).ok)
    put(rule, "Microsoft.Insights/dataCollectionRules", body)

    aks = f"{here}/Microsoft.ContainerService/managedClusters/shop"
    kind = "Microsoft.ContainerService/managedClusters"
    monitored = cluster.body("shop", entra=True)
    omsagent = {"enabled": True, "config": {"logAnalyticsWorkspaceResourceID": workspace, "useAADAuth": "true"}}
    monitored["properties"]["addonProfiles"] = {"omsagent": omsagent}
    made = put(aks, kind, monitored)
    asked = {**monitored, "properties": {**monitored["properties"], "fqdn": "mine.example", "currentKubernetesVersion": "1.0.0"}}
    again = write(aks, asked)["properties"]
    assert again["fqdn"] == made["properties"]["fqdn"], again["fqdn"]
    assert again["currentKubernetesVersion"] == made["properties"]["currentKubernetesVersion"]
    pool = {"properties": {"count": 1, "vmSize": "Standard_D2s_v5", "mode": "User", "osType": "Linux"}}
    put(f"{aks}/agentPools/extra", f"{kind}/agentPools", pool)
    weekly = {"schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Monday"}}, "durationHours": 4, "startTime": "00:00"}
    window = {"properties": {"maintenanceWindow": weekly}}
    put(f"{aks}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule", f"{kind}/maintenanceConfigurations", window)
    association = f"{aks}/providers/Microsoft.Insights/dataCollectionRuleAssociations/one"
    put(association, "Microsoft.Insights/dataCollectionRuleAssociations", {"properties": {"dataCollectionRuleId": rule}})
    assigned = {"roleDefinitionId": role_id(READER), "principalId": object_id(), "principalType": "ServicePrincipal"}
    assignments = f"{here}/Microsoft.Authorization/roleAssignments"
    put(f"{assignments}/{uuid.uuid4()}", "Microsoft.Authorization/roleAssignments", {"properties": assigned})

    views = ["/upgradeProfiles/default", "/agentPools/extra/upgradeProfiles/default"]
    lists = ["/agentPools", "/maintenanceConfigurations"]
    for path in [aks + view for view in views] + [aks + view for view in lists] + [here + "/Microsoft.Authorization/roleDefinitions"]:
        answer = session.get(f"{ARM}{path}?api-version=2026-02-01", headers=HEADERS, timeout=60)
        assert answer.ok, answer.text
        for one in answer.json().get("value", [answer.json()]):
            look(one)

print(f"{len(looked)} types of resources: {', '.join(sorted(looked))}")
wrong = sorted(set(wrong) - KNOWN)
assert not wrong, "\n".join(wrong)
