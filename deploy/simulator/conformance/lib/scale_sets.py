"""The identities on a cluster's nodes, read where Azure keeps them: at the scale sets in the nodes' group."""

from lib.azure import resources

SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
VERSION = "2024-07-01"


def identities(cluster):
    """By name the client id and the object id of those that the nodes of every pool have."""
    generic = resources().resources
    sets = generic.list_by_resource_group(
        cluster.properties.node_resource_group, filter=f"resourceType eq '{SCALE_SETS}'"
    )
    each = [assigned(generic.get_by_id(it.id, api_version=VERSION)) for it in sets]
    assert len(each) == len(cluster.properties.agent_pool_profiles), each
    assert all(one == each[0] for one in each), each
    return each[0]


def assigned(scale_set):
    on_it = (scale_set.identity and scale_set.identity.user_assigned_identities) or {}
    return {id.rsplit("/", 1)[1]: (it.client_id, it.principal_id) for id, it in on_it.items()}
