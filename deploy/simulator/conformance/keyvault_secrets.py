"""azure-keyvault-secrets: what happens to a secret between being set and being purged."""

import re
from datetime import datetime, timedelta, timezone

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from lib.azure import group, grant, object_id, register, until
from lib.vault import PURGE_OPERATOR, management, vault

register("Microsoft.KeyVault")


def error_of(call, status):
    try:
        call()
    except HttpResponseError as error:
        assert error.status_code == status, error
        return error
    raise AssertionError(f"{status} was expected")


with group("conformance-secrets") as rg, vault(rg) as (made, client):
    missing = error_of(lambda: client.get_secret("password"), 404)
    assert isinstance(missing, ResourceNotFoundError) and missing.error.code == "SecretNotFound", missing

    first = client.set_secret("password", "one", content_type="text/plain", tags={"of": "web"})
    second = client.set_secret("password", "two")
    assert first.properties.version != second.properties.version
    assert client.get_secret("password").value == "two"
    old = client.get_secret("password", first.properties.version)
    assert old.value == "one" and old.properties.content_type == "text/plain" and old.properties.tags == {"of": "web"}
    assert old.properties.recovery_level == "CustomizedRecoverable+Purgeable" and old.properties.recoverable_days == 7
    versions = sorted(it.version for it in client.list_properties_of_secret_versions("password"))
    assert versions == sorted([first.properties.version, second.properties.version])

    # Dates are for people: a secret is told before and after them.
    past = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(days=1)
    client.set_secret("expired", "old", not_before=past - timedelta(days=1), expires_on=past)
    expired = client.get_secret("expired")
    assert expired.value == "old" and expired.properties.expires_on == past, expired.properties.expires_on
    client.begin_delete_secret("expired").wait()

    for number in range(30):
        client.set_secret(f"number-{number:02}", str(number))
    names = [it.name for it in client.list_properties_of_secrets()]
    assert names == sorted(names) and len(names) == 31, names
    pages = [len(list(page)) for page in client.list_properties_of_secrets(max_page_size=10).by_page()]
    assert sum(pages) == 31 and max(pages) <= 10, pages

    off = client.update_secret_properties("password", second.properties.version, enabled=False, tags={"of": "api"})
    assert off.enabled is False and off.tags == {"of": "api"}
    disabled = error_of(lambda: client.get_secret("password"), 403)
    assert "disabled" in disabled.message, disabled
    client.update_secret_properties("password", second.properties.version, enabled=True)

    deletion = client.begin_delete_secret("password")
    deleted = deletion.result()
    assert deleted.recovery_id and deleted.scheduled_purge_date > datetime.now(timezone.utc) + timedelta(days=6)
    deletion.wait()
    assert client.get_deleted_secret("password").name == "password"
    reused = error_of(lambda: client.set_secret("password", "three"), 409)
    assert isinstance(reused, ResourceExistsError) and "deleted but recoverable" in reused.message, reused
    assert "password" in [it.name for it in client.list_deleted_secrets()]
    client.begin_recover_deleted_secret("password").wait()
    assert client.get_secret("password").value == "two"

    grant(made.id, PURGE_OPERATOR, object_id())
    client.begin_delete_secret("password").wait()
    client.purge_deleted_secret("password")
    until(lambda: "password" not in [it.name for it in client.list_deleted_secrets()])
    assert client.set_secret("password", "four").value == "four"

    client.set_secret("password", "five")
    saved = client.backup_secret("password")
    assert error_of(lambda: client.restore_secret_backup(saved), 409)
    client.begin_delete_secret("password").wait()
    client.purge_deleted_secret("password")
    until(lambda: "password" not in [it.name for it in client.list_deleted_secrets()])
    assert client.restore_secret_backup(saved).name == "password"
    assert client.get_secret("password").value == "five"
    assert len(list(client.list_properties_of_secret_versions("password"))) == 2
    assert error_of(lambda: client.restore_secret_backup(b"nonsense"), 400).error.code == "BadParameter"

    def firewall(*addresses):
        rules = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": it} for it in addresses]}
        management().vaults.update(rg, made.name, {"properties": {"networkAcls": rules}})

    firewall()
    shut_out = error_of(lambda: client.get_secret("password"), 403)
    assert shut_out.error.innererror["code"] == "ForbiddenByFirewall", shut_out.error.innererror
    firewall(re.search(r"Client address: ([0-9.]+)", shut_out.message)[1])
    assert client.get_secret("password").value == "five"
