"""What `kubectl` does to a node that is to be empty: cordon, drain, uncordon."""

import json

from lib.workload import MANIFEST


def drain(kube):
    """The first of two nodes is emptied as far as the budget allows."""
    kube("apply", "-f", MANIFEST)
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    nodes = kube("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").split()
    first, second = nodes
    assert "cordoned" in kube("cordon", first)
    [row] = [row for row in kube.table("get", "nodes") if row["NAME"] == first]
    assert row["STATUS"] == "Ready,SchedulingDisabled", row
    out = kube("drain", first, "--ignore-daemonsets", "--timeout=60s")
    assert "evicting pod default/web-" in out or "drained" in out, out
    kube("rollout", "status", "deployment/web", "--timeout=60s")
    assert all(pod["NODE"] == second for pod in kube.table("get", "pods", "-o", "wide")), "the node is empty"

    kube("patch", "pdb", "web", "--type=merge", "-p", '{"spec":{"minAvailable":2}}')
    kube("wait", "--for=jsonpath={.status.disruptionsAllowed}=0", "pdb/web", "--timeout=60s")
    blocked = kube.refused("drain", second, "--ignore-daemonsets", "--timeout=1s")
    assert "Cannot evict pod as it would violate the pod's disruption budget." in blocked, blocked
    kube("uncordon", first, second)
    assert all(row["STATUS"] == "Ready" for row in kube.table("get", "nodes"))
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lonely"}}
    manifest["spec"] = {"nodeName": first, "containers": [{"name": "pause", "image": "pause"}]}
    kube("create", "-f", "-", stdin=json.dumps(manifest))
    refused = kube.refused("drain", first, "--timeout=1s")
    assert "cannot delete" in refused and "lonely" in refused, refused
    kube("uncordon", first)
    kube("delete", "pod", "lonely")
    kube("delete", "-f", MANIFEST)
