"""azure-mgmt-resource: groups and providers, and the list of what is in a group."""

from azure.core.exceptions import ResourceNotFoundError

from lib.azure import LOCATION, SUBSCRIPTION, refused, resources, until

client = resources()
groups = client.resource_groups

assert not groups.check_existence("conformance-resource")
made = groups.create_or_update("conformance-resource", {"location": LOCATION, "tags": {"script": "resource"}})
assert made.id == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/conformance-resource", made.id
assert made.type == "Microsoft.Resources/resourceGroups"
assert made.properties.provisioning_state == "Succeeded"
assert groups.check_existence("CONFORMANCE-resource")
assert groups.get("Conformance-Resource").tags == {"script": "resource"}
assert "conformance-resource" in [group.name for group in groups.list()]
tagged = groups.list(filter="tagName eq 'script' and tagValue eq 'resource'")
names = [group.name for group in tagged]
assert names == ["conformance-resource"], names

changed = groups.update("conformance-resource", {"tags": {"script": "resources"}})
assert changed.tags == {"script": "resources"} and changed.location == LOCATION
refused(
    lambda: groups.create_or_update("conformance-resource", {"location": "northeurope"}),
    409,
    "InvalidResourceGroupLocation",
)
refused(lambda: groups.create_or_update("ends-in-a-dot.", {"location": LOCATION}), 400, "InvalidResourceGroup")

client.providers.register("Microsoft.ManagedIdentity")
until(lambda: client.providers.get("Microsoft.ManagedIdentity").registration_state == "Registered")
provider = client.providers.get("Microsoft.ManagedIdentity")
assert provider.namespace == "Microsoft.ManagedIdentity"
assert "userAssignedIdentities" in [kind.resource_type for kind in provider.resource_types]
assert "Microsoft.ContainerService" in [it.namespace for it in client.providers.list()]
assert list(client.resources.list_by_resource_group("conformance-resource")) == []

poller = groups.begin_delete("conformance-resource")
assert poller.result() is None and poller.status() == "Succeeded", poller.status()
missing = refused(lambda: groups.get("conformance-resource"), 404, "ResourceGroupNotFound")
assert isinstance(missing, ResourceNotFoundError)
