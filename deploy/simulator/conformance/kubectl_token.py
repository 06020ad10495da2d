"""kubectl with a token of Entra, for a cluster without local accounts whose rights come from role assignments,
up to the draining of a node."""

from lib.azure import credential, grant, group, object_id, refused, register, until
from lib.cluster import RBAC_CLUSTER_ADMIN, SERVER_APPLICATION, create, kubeconfig, kubectl
from lib.nodes import drain
from lib.workload import exercise

register("Microsoft.ContainerService")

with group("conformance-kubectl-token") as rg:
    cluster = create(rg, "shop", nodes=2, entra=True)
    refused(
        lambda: kubeconfig(rg, "shop"),
        400,
        "BadRequest",
        "Getting static credential is not allowed because this cluster is set to disable local accounts.",
    )
    config = kubeconfig(rg, "shop", admin=False)
    assert "kubelogin" in config
    token = credential().get_token(f"{SERVER_APPLICATION}/.default").token
    with kubectl(config, f"--token={token}") as kube:
        denied = kube.refused("get", "nodes")
        assert denied.strip() == (
            f'Error from server (Forbidden): nodes is forbidden: User "{object_id()}" cannot list resource "nodes" in '
            'API group "" at the cluster scope: User does not have access to the resource in Azure. Update role '
            "assignment to allow access."
        ), denied
        grant(cluster.id, RBAC_CLUSTER_ADMIN, object_id())
        until(lambda: kube.said("get", "nodes")[0])
        exercise(kube)
        drain(kube)
    with kubectl(config, "--token=nonsense") as stranger:
        unknown = stranger.refused("get", "pods")
        assert "You must be logged in to the server" in unknown, unknown
