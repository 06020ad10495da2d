"""azure-identity in pods: as workload identity, as the only identity of its node, as one of two."""

import json
import pathlib

from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.msi import ManagedServiceIdentityClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, grant, group, register, until
from lib.cluster import create, kubeconfig, kubectl
from lib.vault import SECRETS_USER, vault

PROGRAM = pathlib.Path(__file__).parent / "pods" / "read_secrets.py"
SECRETS = {
    "Webapp-DB-Server-Name": "payments-db.example",
    "Webapp-DB-Server-Database": "payments",
    "Webapp-DB-Server-Username": "payments_app",
    "Webapp-DB-Server-UserPassword": "correct horse",
}
ALL = "".join(f"{name} {value}\n" for name, value in SECRETS.items())

register("Microsoft.ContainerService", "Microsoft.KeyVault", "Microsoft.ManagedIdentity")


def pod(name, vault_name, account="default", labels=None):
    container = {
        "name": "reader",
        "image": "python:3",
        "args": [str(PROGRAM)],
        "env": [{"name": "KEY_VAULT_NAME", "value": vault_name}],
    }
    spec = {"restartPolicy": "Never", "serviceAccountName": account, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


def run(kube, manifest):
    """Runs a pod to its end: its phase, and what it said."""
    name = manifest["metadata"]["name"]
    kube("create", "-f", "-", stdin=json.dumps(manifest))

    def ended():
        phase = kube("get", "pod", name, "-o", "jsonpath={.status.phase}")
        return phase if phase in ("Succeeded", "Failed") else None

    return until(ended), kube("logs", name)


def run_until_it_succeeds(kube, manifest):
    """A new role assignment, and a new federated credential, count only after a while: a team's pod is restarted."""

    def attempt():
        phase, said = run(kube, manifest)
        if phase == "Succeeded":
            return said
        assert any(word in said for word in ("ForbiddenByRbac", "AADSTS70021")), said
        kube("delete", "pod", manifest["metadata"]["name"])
        return None

    return until(attempt)


with group("conformance-identity") as rg, vault(rg) as (made, secrets):
    for name, value in SECRETS.items():
        secrets.set_secret(name, value)
    cluster = create(rg, "shop")
    with kubectl(kubeconfig(rg, "shop")) as kube:
        kubelet = cluster.properties.identity_profile["kubeletidentity"]
        grant(made.id, SECRETS_USER, kubelet.object_id)
        assert run_until_it_succeeds(kube, pod("node", made.name)) == ALL

        client = ManagedServiceIdentityClient(credential(), SUBSCRIPTION)
        reader = client.user_assigned_identities.create_or_update(rg, "reader", {"location": LOCATION})
        issuer = cluster.properties.oidc_issuer_profile.issuer_url
        trust = {
            "issuer": issuer,
            "subject": "system:serviceaccount:default:reader",
            "audiences": ["api://AzureADTokenExchange"],
        }
        client.federated_identity_credentials.create_or_update(rg, "reader", "shop", trust)
        grant(made.id, SECRETS_USER, reader.principal_id)
        kube("create", "serviceaccount", "reader")
        kube("annotate", "serviceaccount", "reader", f"azure.workload.identity/client-id={reader.client_id}")
        labelled = pod("workload", made.name, "reader", {"azure.workload.identity/use": "true"})
        assert run_until_it_succeeds(kube, labelled) == ALL

        cluster.properties.addon_profiles = {"azurepolicy": {"enabled": True}}
        clusters = ContainerServiceClient(credential(), SUBSCRIPTION).managed_clusters
        with_policy = clusters.begin_create_or_update(rg, "shop", cluster).result()
        assert with_policy.properties.addon_profiles["azurepolicy"].identity.client_id
        phase, said = run(kube, pod("one-of-two", made.name))
        assert phase == "Failed", said
        assert (
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
            "token request" in said
        ), said
        named = pod("named", made.name)
        named["spec"]["containers"][0]["env"].append({"name": "AZURE_CLIENT_ID", "value": kubelet.client_id})
        assert run(kube, named) == ("Succeeded", ALL)
        labelled["metadata"]["name"] = "workload-beside"
        assert run(kube, labelled) == ("Succeeded", ALL)
