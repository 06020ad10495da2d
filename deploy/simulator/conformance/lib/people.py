"""People of the directory, once they have signed in by whatever way a device gives them."""

from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.resource.resources import ResourceManagementClient

from lib.azure import SUBSCRIPTION, allowed, grant, until

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
MANAGEMENT = "https://management.azure.com/.default"


def reads(credential, account):
    """Somebody signs in, is given Reader and reads; the answer is their object id."""
    record = credential.authenticate(scopes=[MANAGEMENT])
    assert record.username == account, record.username
    person = record.home_account_id.split(".")[0]
    grant(f"/subscriptions/{SUBSCRIPTION}", READER, person, "User")
    groups = ResourceManagementClient(credential, SUBSCRIPTION).resource_groups
    until(lambda: allowed(lambda: groups.check_existence("nowhere")) is False)
    # Silently, with what was kept of the first time.
    assert credential.get_token("https://vault.azure.net/.default").token
    return person


def said_no(credential, *words):
    """Nobody is signed in, and the client is told so in one of these words."""
    try:
        credential.get_token(MANAGEMENT)
        raise AssertionError("somebody has said no")
    except ClientAuthenticationError as error:
        assert any(word in str(error) for word in words), str(error)
