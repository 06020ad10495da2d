"""azure-mgmt-msi: user-assigned identities and their federated credentials."""

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.msi import ManagedServiceIdentityClient

from lib.azure import LOCATION, SUBSCRIPTION, TENANT, credential, group, refused, register

register("Microsoft.ManagedIdentity")
client = ManagedServiceIdentityClient(credential(), SUBSCRIPTION)
identities, federated = client.user_assigned_identities, client.federated_identity_credentials

with group("conformance-msi") as rg:
    made = identities.create_or_update(rg, "reader", {"location": LOCATION, "tags": {"of": "web"}})
    assert made.tenant_id == TENANT and made.client_id and made.principal_id
    again = identities.create_or_update(rg, "reader", {"location": LOCATION})
    assert again.client_id == made.client_id, "an identity that is there keeps its ids"
    assert identities.get(rg, "READER").principal_id == made.principal_id
    assert [it.name for it in identities.list_by_resource_group(rg)] == ["reader"]
    assert "reader" in [it.name for it in identities.list_by_subscription()]
    assert identities.update(rg, "reader", {"tags": {"of": "api"}}).tags == {"of": "api"}

    body = {
        "issuer": "https://issuer.example/",
        "subject": "system:serviceaccount:web:reader",
        "audiences": ["api://AzureADTokenExchange"],
    }
    credential_made = federated.create_or_update(rg, "reader", "web", body)
    assert credential_made.subject == body["subject"] and credential_made.issuer == body["issuer"]
    assert federated.get(rg, "reader", "web").audiences == body["audiences"]
    assert [it.name for it in federated.list(rg, "reader")] == ["web"]
    federated.delete(rg, "reader", "web")
    refused(lambda: federated.get(rg, "reader", "web"), 404, "ResourceNotFound")

    identities.delete(rg, "reader")
    missing = refused(lambda: identities.get(rg, "reader"), 404, "ResourceNotFound", "reader")
    assert isinstance(missing, ResourceNotFoundError)
    identities.delete(rg, "reader")  # 204: nothing there is as good
