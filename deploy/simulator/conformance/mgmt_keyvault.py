"""azure-mgmt-keyvault: vaults, deleted vaults, and names that are taken in all the world."""

import uuid

from azure.core.exceptions import ResourceNotFoundError

from lib.azure import LOCATION, group, refused, register
from lib.vault import body, management

register("Microsoft.KeyVault")
vaults = management().vaults
name = f"kv-{uuid.uuid4().hex[:12]}"
asked = {"name": name, "type": "Microsoft.KeyVault/vaults"}

with group("conformance-keyvault") as rg:
    assert vaults.check_name_availability(asked).name_available
    made = vaults.begin_create_or_update(rg, name, body()).result()
    assert made.properties.vault_uri == f"https://{name}.vault.azure.net/"
    assert made.properties.provisioning_state == "Succeeded" and made.properties.enable_soft_delete
    assert made.properties.soft_delete_retention_in_days == 7 and made.properties.enable_rbac_authorization
    taken = vaults.check_name_availability(asked)
    assert not taken.name_available and taken.reason == "AlreadyExists", taken
    assert vaults.get(rg, name.upper()).id == made.id
    assert [it.name for it in vaults.list_by_resource_group(rg)] == [name]
    assert name in [it.name for it in vaults.list_by_subscription()]
    assert name in [it.name for it in vaults.list()]
    changed = vaults.update(rg, name, {"tags": {"team": "payments"}})
    assert changed.tags == {"team": "payments"} and changed.properties.vault_uri == made.properties.vault_uri
    refused(lambda: vaults.begin_create_or_update(rg, "a--b", body()).result(), 400, "VaultNameNotValid")

    vaults.delete(rg, name)
    missing = refused(lambda: vaults.get(rg, name), 404, "ResourceNotFound", name)
    assert isinstance(missing, ResourceNotFoundError)
    deleted = vaults.get_deleted(name, LOCATION)
    assert deleted.properties.vault_id == made.id and deleted.properties.scheduled_purge_date is not None
    assert name in [it.name for it in vaults.list_deleted()]
    refused(lambda: vaults.begin_create_or_update(rg, name, body()).result(), 409, "ConflictError", "deleted state")
    recover = body()
    recover["properties"]["createMode"] = "recover"
    back = vaults.begin_create_or_update(rg, name, recover).result()
    assert back.id == made.id and back.properties.soft_delete_retention_in_days == 7

    vaults.delete(rg, name)
    assert vaults.begin_purge_deleted(name, LOCATION).result() is None
    refused(lambda: vaults.get_deleted(name, LOCATION), 404, "DeletedVaultNotFound")
    assert vaults.check_name_availability(asked).name_available
