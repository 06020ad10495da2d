"""The subscription as its owner finds it: a credential, registered providers, a group of the script's own."""

import contextlib
import os
import time
import uuid

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
TENANT = os.environ["AZURE_TENANT_ID"]
LOCATION = "westeurope"


def credential():
    """The service principal of the variables, found as every program finds it."""
    return DefaultAzureCredential()


def resources():
    return ResourceManagementClient(credential(), SUBSCRIPTION)


def register(*namespaces):
    """Registers providers, which takes its time."""
    client = resources()
    for namespace in namespaces:
        client.providers.register(namespace)
    for namespace in namespaces:
        until(lambda: client.providers.get(namespace).registration_state == "Registered")


@contextlib.contextmanager
def group(name):
    """A resource group while the script runs."""
    client = resources()
    client.resource_groups.create_or_update(name, {"location": LOCATION})
    try:
        yield name
    finally:
        client.resource_groups.begin_delete(name)


def role_id(guid):
    return f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def grant(scope, role, principal, kind="ServicePrincipal"):
    """Assigns a role; the answer is the assignment."""
    client = AuthorizationManagementClient(credential(), SUBSCRIPTION)
    body = {"role_definition_id": role_id(role), "principal_id": principal, "principal_type": kind}
    return client.role_assignments.create(scope, str(uuid.uuid4()), body)


def object_id():
    """The owner's own object id, read from a token."""
    import jwt

    token = credential().get_token("https://management.azure.com/.default").token
    return jwt.decode(token, options={"verify_signature": False})["oid"]


def until(there, seconds=60):
    """Asks until the answer is true, and gives it back; for what Azure brings about in its own time."""
    end = time.monotonic() + seconds
    while True:
        answer = there()
        if answer:
            return answer
        assert time.monotonic() < end, f"it did not happen within {seconds} seconds"
        time.sleep(0.1)


def allowed(call):
    """What it answers, or nothing while the caller's role does not count yet."""
    try:
        return call()
    except HttpResponseError as error:
        assert error.status_code == 403, error
        return None


def refused(call, status, code, part=""):
    """Asserts that Azure refuses with this status and code, or any code where none is known, and gives the error back."""
    try:
        call()
    except HttpResponseError as error:
        found = (error.status_code, error.error.code if code and error.error else None)
        assert found == (status, code), f"{found} instead of {(status, code)}: {error.message}"
        assert part in error.message, error.message
        return error
    raise AssertionError(f"it was not refused; {status} {code} was expected")
