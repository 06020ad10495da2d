"""kubectl with the certificate of a local account alone, and as programs whose rights come from the cluster's own roles."""

import json

from lib.azure import group, register
from lib.cluster import create, kubeconfig, kubectl

register("Microsoft.ContainerService")


def without_token(config):
    """The same kubeconfig, with nothing but the certificate to prove who it is."""
    config = json.loads(config)
    for user in config["users"]:
        assert user["user"].pop("token"), user
        assert set(user["user"]) == {"client-certificate-data", "client-key-data"}, user["user"].keys()
    return json.dumps(config)


def bare(config):
    """The same kubeconfig, with nobody in it."""
    config = json.loads(config)
    for user in config["users"]:
        user["user"] = {}
    return json.dumps(config)


with group("conformance-kubectl-rights") as rg:
    create(rg, "shop")
    config = without_token(kubeconfig(rg, "shop"))
    with kubectl(config) as kube:
        assert kube("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}") == "masterclient"
        assert kube("auth", "can-i", "*", "*").strip() == "yes"
        names = [row["NAME"] for row in kube.table("get", "clusterroles")]
        assert {"admin", "cluster-admin", "edit", "view"} <= set(names), names

        kube("create", "serviceaccount", "clerk")
        clerk = "system:serviceaccount:default:clerk"
        assert kube.refused("auth", "can-i", "get", "pods", "--as", clerk) == ""
        assert "created" in kube("create", "role", "reader", "--verb=get,list", "--resource=pods,configmaps")
        assert "created" in kube("create", "rolebinding", "clerk-reads", "--role=reader", "--serviceaccount=default:clerk")
        assert kube("auth", "can-i", "get", "pods", "--as", clerk).strip() == "yes"
        [row] = kube.table("get", "rolebindings", "-o", "wide")
        assert (row["NAME"], row["ROLE"], row["SERVICEACCOUNTS"]) == ("clerk-reads", "Role/reader", "default/clerk"), row
        token = kube("create", "token", "clerk").strip()

        with kubectl(bare(config), f"--token={token}") as program:
            assert program("get", "pods") == ""
            denied = program.refused("delete", "pod", "web")
            assert denied.strip() == (
                f'Error from server (Forbidden): pods "web" is forbidden: User "{clerk}" cannot delete resource "pods" in '
                'API group "" in the namespace "default"'
            ), denied
            kube("create", "clusterrolebinding", "clerk-administers", "--clusterrole=admin", "--serviceaccount=default:clerk")
            program("create", "configmap", "colours", "--from-literal=one=green")
            grown = program.refused("create", "clusterrole", "all", "--verb=*", "--resource=*")
            assert "Forbidden" in grown, grown
            held = program.refused("create", "role", "nodes", "--verb=delete", "--resource=pods,namespaces")
            assert "attempting to grant RBAC permissions not currently held" in held, held

        kube("delete", "clusterrolebinding", "clerk-administers")
        kube("delete", "rolebinding", "clerk-reads")
        kube("delete", "role", "reader")
        kube("create", "clusterrole", "watcher", "--verb=watch", "--resource=pods")
        kube("apply", "-f", "-", stdin=kube("get", "clusterrole", "watcher", "-o", "json"))
        kube("delete", "clusterrole", "watcher")
