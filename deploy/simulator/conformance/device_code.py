"""azure-identity on a device without a browser: it shows a code, which somebody types on another machine."""

import urllib.error
import urllib.parse
import urllib.request

from azure.identity import DeviceCodeCredential
from azure.mgmt.authorization import AuthorizationManagementClient

from lib.azure import SUBSCRIPTION, TENANT
from lib.people import reads, said_no


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
person = reads(member, "member@contoso.example")
roles = AuthorizationManagementClient(member, SUBSCRIPTION).role_assignments
assert any(one.principal_id == person for one in roles.list_for_subscription())
said_no(credential("cancel"), "authorization_declined", "AADSTS70017")
