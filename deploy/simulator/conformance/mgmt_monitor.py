"""azure-mgmt-monitor: data collection rules, their associations with a cluster, diagnostic settings, the activity log."""

from datetime import datetime, timedelta, timezone

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.loganalytics import LogAnalyticsManagementClient
from azure.mgmt.monitor import MonitorManagementClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, group, refused, register, resources, until

SETTINGS_VERSION = "2021-05-01-preview"
STREAM = "Microsoft-ContainerInsights-Group-Default"

register("Microsoft.OperationalInsights", "Microsoft.Insights")
client = MonitorManagementClient(credential(), SUBSCRIPTION)
rules, associations = client.data_collection_rules, client.data_collection_rule_associations
begun = datetime.now(timezone.utc) - timedelta(minutes=5)

with group("conformance-monitor") as rg:
    workspaces = LogAnalyticsManagementClient(credential(), SUBSCRIPTION).workspaces
    workspace = workspaces.begin_create_or_update(
        rg, "logs", {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}}
    ).result()
    body = {
        "location": LOCATION,
        "kind": "Linux",
        "properties": {
            "dataSources": {
                "extensions": [
                    {
                        "name": "ContainerInsightsExtension",
                        "extensionName": "ContainerInsights",
                        "streams": [STREAM],
                        "extensionSettings": {"dataCollectionSettings": {"enableContainerLogV2": True}},
                    }
                ]
            },
            "dataFlows": [{"streams": [STREAM], "destinations": ["logs"]}],
            "destinations": {"logAnalytics": [{"workspaceResourceId": workspace.id, "name": "logs"}]},
        },
    }

    def made_once_there_are_tables():
        """A fresh workspace has no tables yet: the rule is refused until it has them."""
        try:
            return rules.create(rg, "MSCI-shop", body)
        except Exception as error:
            assert "InvalidOutputTable" in str(error), error

    made = until(made_once_there_are_tables)
    assert made.provisioning_state == "Succeeded" and made.immutable_id.startswith("dcr-")
    assert rules.get(rg, "msci-SHOP").id == made.id
    assert [it.name for it in rules.list_by_resource_group(rg)] == ["MSCI-shop"]
    assert rules.update(rg, "MSCI-shop", {"tags": {"team": "payments"}}).tags == {"team": "payments"}

    about = workspace.id.lstrip("/")
    link = {"properties": {"dataCollectionRuleId": made.id, "description": "a trial"}}
    linked = associations.create(about, "conformance", link)
    assert linked.data_collection_rule_id == made.id
    assert associations.get(about, "conformance").description == "a trial"
    assert [it.name for it in associations.list_by_resource(about)] == ["conformance"]
    assert [it.name for it in associations.list_by_rule(rg, "MSCI-shop")] == ["conformance"]
    associations.delete(about, "conformance")
    refused(lambda: associations.get(about, "conformance"), 404, "ResourceNotFound")

    # This version of the client has no operations for them; any resource can be written by its id.
    generic, audit = resources().resources, f"{workspace.id}/providers/Microsoft.Insights/diagnosticSettings/audit"

    def setting(category):
        logs = [{"category": category, "enabled": True}]
        body = {"properties": {"workspaceId": workspace.id, "logs": logs}}
        return generic.begin_create_or_update_by_id(audit, body, api_version=SETTINGS_VERSION).result()

    refused(lambda: setting("Sales"), 400, "BadRequest", "Category 'Sales' is not supported.")
    kept = setting("Audit")
    assert kept.properties["workspaceId"].lower() == workspace.id.lower() and kept.properties["logs"][0]["enabled"]
    assert generic.get_by_id(audit.upper(), api_version=SETTINGS_VERSION).name == "audit"
    generic.begin_delete_by_id(audit, api_version=SETTINGS_VERSION).result()
    refused(lambda: generic.get_by_id(audit, api_version=SETTINGS_VERSION), 404, "ResourceNotFound")

    rules.delete(rg, "MSCI-shop")
    missing = refused(lambda: rules.get(rg, "MSCI-shop"), 404, "ResourceNotFound")
    assert isinstance(missing, ResourceNotFoundError)

    def event():
        query = f"eventTimestamp ge '{begun:%Y-%m-%dT%H:%M:%SZ}' and resourceGroupName eq '{rg}'"
        events = client.activity_logs.list(filter=query)
        wanted = "Microsoft.OperationalInsights/workspaces/write"
        return next((it for it in events if it.operation_name.value == wanted), None)

    found = until(event)
    assert found.resource_id.lower() == workspace.id.lower() and found.claims["appid"]
