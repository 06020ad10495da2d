"""azure-mgmt-loganalytics: workspaces, which come back within fourteen days."""

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.loganalytics import LogAnalyticsManagementClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, group, refused, register

register("Microsoft.OperationalInsights")
client = LogAnalyticsManagementClient(credential(), SUBSCRIPTION)
workspaces = client.workspaces

with group("conformance-loganalytics") as rg:
    body = {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}}
    made = workspaces.begin_create_or_update(rg, "logs", body).result()
    assert made.properties.provisioning_state == "Succeeded" and made.properties.customer_id
    assert made.properties.retention_in_days == 30 and made.properties.sku.name.lower() == "pergb2018"
    assert workspaces.get(rg, "logs").properties.customer_id == made.properties.customer_id
    assert [it.name for it in workspaces.list_by_resource_group(rg)] == ["logs"]
    assert "logs" in [it.name for it in workspaces.list()]
    changed = workspaces.update(rg, "logs", {"properties": {"retentionInDays": 60}, "tags": {"team": "payments"}})
    assert changed.properties.retention_in_days == 60 and changed.tags == {"team": "payments"}

    workspaces.begin_delete(rg, "logs").result()
    missing = refused(lambda: workspaces.get(rg, "logs"), 404, "ResourceNotFound")
    assert isinstance(missing, ResourceNotFoundError)
    assert "logs" in [it.name for it in client.deleted_workspaces.list_by_resource_group(rg)]
    back = workspaces.begin_create_or_update(rg, "logs", body).result()
    assert back.properties.customer_id == made.properties.customer_id, "a workspace that comes back is the same"
    workspaces.begin_delete(rg, "logs", force=True).result()
