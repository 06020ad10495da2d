"""A cluster of the script's own, and `kubectl` with its kubeconfig."""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile

from azure.mgmt.containerservice import ContainerServiceClient

from lib.azure import LOCATION, SUBSCRIPTION, credential

SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
RBAC_CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"


def body(name, nodes=1, entra=False):
    """What a careful client sends; with `entra` local accounts are off and rights come from role assignments."""
    properties = {
        "dnsPrefix": name,
        "agentPoolProfiles": [
            {"name": "system", "mode": "System", "count": nodes, "vmSize": "Standard_D2s_v5", "osType": "Linux"}
        ],
        "oidcIssuerProfile": {"enabled": True},
        "securityProfile": {"workloadIdentity": {"enabled": True}},
        "networkProfile": {"networkPlugin": "azure", "networkPluginMode": "overlay", "networkPolicy": "cilium"},
    }
    if entra:
        properties["aadProfile"] = {"managed": True, "enableAzureRBAC": True}
        properties["disableLocalAccounts"] = True
    return {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": properties}


def create(rg, name, **wish):
    client = ContainerServiceClient(credential(), SUBSCRIPTION)
    return client.managed_clusters.begin_create_or_update(rg, name, body(name, **wish)).result()


def kubeconfig(rg, name, admin=True):
    clusters = ContainerServiceClient(credential(), SUBSCRIPTION).managed_clusters
    ask = clusters.list_cluster_admin_credentials if admin else clusters.list_cluster_user_credentials
    value = ask(rg, name).kubeconfigs[0].value
    text = bytes(value).decode()
    return text if text.lstrip().startswith(("{", "apiVersion")) else base64.b64decode(text).decode()


class Kubectl:
    """Runs `kubectl` with a kubeconfig, and nothing else of this machine's settings."""

    def __init__(self, folder, text, *options):
        self.file = pathlib.Path(folder) / "kubeconfig"
        self.file.write_text(text)
        self.file.chmod(0o600)
        self.options = options
        self.environment = dict(os.environ, KUBECONFIG=str(self.file), HOME=str(folder))

    def start(self, *arguments, **more):
        command = ["kubectl", *self.options, *arguments]
        return subprocess.Popen(
            command, env=self.environment, text=True, bufsize=1, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
        )

    def said(self, *arguments, stdin=None):
        """Whether it went well, and what it said on both outputs."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=120)
        return process.returncode == 0, out, err

    def __call__(self, *arguments, stdin=None):
        well, out, err = self.said(*arguments, stdin=stdin)
        assert well, f"kubectl {' '.join(arguments)}: {err}"
        return out

    def refused(self, *arguments, stdin=None):
        well, out, err = self.said(*arguments, stdin=stdin)
        assert not well, f"kubectl {' '.join(arguments)} was not refused: {out}"
        return err

    def json(self, *arguments):
        return json.loads(self(*arguments, "-o", "json"))

    def table(self, *arguments):
        """The rows of `kubectl get`, each column by its heading."""
        lines = self(*arguments).rstrip("\n").split("\n")
        headings = [word for word in lines[0].split("  ") if word.strip()]
        places = [lines[0].index(heading.strip()) for heading in headings]
        ends = places[1:] + [None]
        names = [heading.strip() for heading in headings]
        return [dict(zip(names, (line[a:b].strip() for a, b in zip(places, ends)))) for line in lines[1:]]


@contextlib.contextmanager
def kubectl(text, *options):
    with tempfile.TemporaryDirectory() as folder:
        yield Kubectl(folder, text, *options)
