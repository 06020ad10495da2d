"""kubectl with the kubeconfig of a cluster that has local accounts, up to the draining of a node."""

from lib.azure import group, register
from lib.cluster import create, kubeconfig, kubectl
from lib.nodes import drain
from lib.workload import exercise

register("Microsoft.ContainerService")

with group("conformance-kubectl-local") as rg:
    create(rg, "shop", nodes=2)
    with kubectl(kubeconfig(rg, "shop")) as kube:
        assert "Server Version: v1." in kube("version")
        assert "poddisruptionbudgets" in kube("api-resources")
        exercise(kube)
        drain(kube)
