"""Makes a large world through the resource manager: clusters with a paused pod each, vaults, and assignments of roles."""

import concurrent.futures
import json
import os
import pathlib
import sys
import threading
import time
import uuid

import requests
import urllib3

COUNT, GROUPS = int(sys.argv[1]), 20
OUT = pathlib.Path(sys.argv[2])
ARM, LOCATION = "https://management.azure.com", "westeurope"
SUBSCRIPTION, TENANT = os.environ["AZURE_SUBSCRIPTION_ID"], os.environ["AZURE_TENANT_ID"]
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
# A cluster's API server has an authority of its own.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
local = threading.local()


def session():
    """A connection of each thread's own."""
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return local.session


def token():
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": f"{ARM}/.default",
    }
    return session().post(f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]


TOKEN = token()


def ask(method, path, body=None):
    url = f"{ARM}/subscriptions/{SUBSCRIPTION}{path}?api-version=2026-02-01"
    answer = session().request(method, url, json=body, headers={"authorization": f"Bearer {TOKEN}"}, timeout=120)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.text else {}


def control(method, path, body):
    answer = session().request(method, f"http://control.simulator{path}", json=body, timeout=60)
    assert answer.ok, answer.text


def until(path, ready):
    end = time.monotonic() + 300
    while True:
        found = ask("GET", path)
        if ready(found):
            return found
        assert time.monotonic() < end, f"{path} is not ready: {found}"
        time.sleep(0.2)


def make(number):
    """One cluster, a vault beside it, and the right to read it."""
    here = f"/resourceGroups/rg-{number % GROUPS:02}/providers"
    vault = f"{here}/Microsoft.KeyVault/vaults/kv-bench-{number:04}"
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": TENANT, "sku": sku, "enableRbacAuthorization": True, "softDeleteRetentionInDays": 7}
    made = ask("PUT", vault, {"location": LOCATION, "properties": properties})
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    cluster = f"{here}/Microsoft.ContainerService/managedClusters/aks-{number:04}"
    pool = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5", "osType": "Linux"}
    properties = {"dnsPrefix": f"aks-{number:04}", "agentPoolProfiles": [pool], "oidcIssuerProfile": {"enabled": True}}
    body = {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": properties}
    ask("PUT", cluster, body)
    settled = lambda found: found["properties"]["provisioningState"] == "Succeeded"
    found = until(cluster, settled)
    principal = found["properties"]["identityProfile"]["kubeletidentity"]["objectId"]
    assigned = {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}
    ask("PUT", f"{vault}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", {"properties": assigned})
    pause(cluster, found["properties"]["fqdn"])
    return made["id"]


def pause(cluster, host):
    """A deployment in a cluster, of an image that does nothing."""
    import base64

    credential = ask("POST", f"{cluster}/listClusterAdminCredential")["kubeconfigs"][0]["value"]
    user = json.loads(base64.b64decode(credential))["users"][0]["user"]
    labels = {"app": "web"}
    spec = {"containers": [{"name": "web", "image": "pause"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    body["spec"] = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    url = f"https://{host}/apis/apps/v1/namespaces/default/deployments"
    answer = requests.post(url, json=body, headers={"authorization": f"Bearer {user['token']}"}, verify=False, timeout=120)
    assert answer.status_code == 201, answer.text


control("PATCH", "/settings", {"rate_limits": False})
for family in ("cores", "standardDSv5Family"):
    control("POST", "/quotas", {"location": LOCATION, "family": family, "limit": 100_000})
ask("POST", "/providers/Microsoft.ContainerService/register")
until("/providers/Microsoft.ContainerService", lambda found: found["registrationState"] == "Registered")
for number in range(GROUPS):
    ask("PUT", f"/resourceGroups/rg-{number:02}", {"location": LOCATION})
begun = time.monotonic()
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    ids = list(pool.map(make, range(COUNT)))
listed = ask("GET", "/providers/Microsoft.ContainerService/managedClusters")
assert len(listed["value"]) == COUNT, f"{len(listed['value'])} clusters are listed"
path = f"{ARM}/subscriptions/{SUBSCRIPTION}"
told = {
    "token": TOKEN,
    "get": f"{ARM}{ids[0]}?api-version=2026-02-01",
    "list": f"{path}/providers/Microsoft.ContainerService/managedClusters?api-version=2026-02-01",
    "seconds": time.monotonic() - begun,
}
OUT.write_text(json.dumps(told))
