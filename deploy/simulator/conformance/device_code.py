"""azure-identity on a device without a browser: it shows a code, which somebody types on another machine."""

import urllib.error
import urllib.parse
import urllib.request

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DeviceCodeCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from lib.azure import SUBSCRIPTION, TENANT, allowed, grant, until

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def somebody(account):
    """What a person does in a browser, once the device has shown them its code."""

    def typed(page, code, _until):
        with urllib.request.urlopen(page) as answer:
            page = answer.geturl()
        for form in ({"otc": code}, {"otc": code, "account": account}):
            urllib.request.urlopen(page, urllib.parse.urlencode(form).encode()).close()

    return typed


def credential(account):
    return DeviceCodeCredential(tenant_id=TENANT, prompt_callback=somebody(account))


member = credential("member@contoso.example")
record = member.authenticate(scopes=["https://management.azure.com/.default"])
assert record.username == "member@contoso.example", record.username
person = record.home_account_id.split(".")[0]
grant(f"/subscriptions/{SUBSCRIPTION}", READER, person, "User")
roles = AuthorizationManagementClient(member, SUBSCRIPTION).role_assignments
groups = ResourceManagementClient(member, SUBSCRIPTION).resource_groups
until(lambda: allowed(lambda: groups.check_existence("nowhere")) is False)
assert any(one.principal_id == person for one in roles.list_for_subscription())
# Silently, with what was kept of the first time.
assert member.get_token("https://vault.azure.net/.default").token

try:
    credential("cancel").get_token("https://management.azure.com/.default")
    raise AssertionError("somebody has said no")
except ClientAuthenticationError as error:
    assert "authorization_declined" in str(error) or "AADSTS70017" in str(error), str(error)
