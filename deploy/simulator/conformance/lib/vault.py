"""A vault of the script's own, whose secrets the owner may write."""

import contextlib
import uuid

from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.keyvault.secrets import SecretClient
from azure.mgmt.keyvault import KeyVaultManagementClient

from lib.azure import LOCATION, SUBSCRIPTION, TENANT, credential, grant, object_id, until

SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
PURGE_OPERATOR = "a68e7c17-0ab2-4c09-9a58-125dae29748c"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"


def management():
    # Key Vault does not say how long to wait, and the client would wait for half a minute.
    return KeyVaultManagementClient(credential(), SUBSCRIPTION, polling_interval=1)


def body():
    """What a vault with roles is asked for with."""
    return {
        "location": LOCATION,
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        },
    }


@contextlib.contextmanager
def vault(rg):
    """A vault with roles, and a client of its secrets once the owner's role counts everywhere."""
    name = f"kv-{uuid.uuid4().hex[:12]}"
    vaults = management().vaults
    made = vaults.begin_create_or_update(rg, name, body()).result()
    grant(made.id, SECRETS_OFFICER, object_id())
    client = SecretClient(made.properties.vault_uri, credential(), retry_total=0)
    until(lambda: counts(client))
    try:
        yield made, client
    finally:
        vaults.delete(rg, name)
        vaults.begin_purge_deleted(name, LOCATION)


def counts(client):
    """Whether the role counts: a new assignment is seen by one front end after the other."""
    try:
        return [list(client.list_properties_of_secrets()) for _ in range(4)]
    except ServiceRequestError:
        return None  # the name does not resolve yet
    except HttpResponseError as error:
        assert error.status_code == 403, error
        return None
