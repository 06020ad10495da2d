"""azure-mgmt-authorization: role definitions, assignments and the rules that tell one from another."""

import uuid

from azure.core.exceptions import ResourceExistsError
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient

from lib.azure import LOCATION, SUBSCRIPTION, credential, group, refused, register, role_id

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"

register("Microsoft.ManagedIdentity")
client = AuthorizationManagementClient(credential(), SUBSCRIPTION)
assignments, definitions = client.role_assignments, client.role_definitions

with group("conformance-authorization") as rg:
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{rg}"
    [reader] = definitions.list(scope, filter="roleName eq 'Reader'")
    assert reader.name == READER and reader.role_type == "BuiltInRole"
    assert definitions.get_by_id(role_id(SECRETS_USER)).role_name == "Key Vault Secrets User"
    [permission] = definitions.get(scope, SECRETS_USER).permissions
    assert "Microsoft.KeyVault/vaults/secrets/getSecret/action" in permission.data_actions
    missing = str(uuid.uuid4())
    refused(lambda: definitions.get(scope, missing), 404, "RoleDefinitionDoesNotExist", "does not exist")

    identities = ManagedServiceIdentityClient(credential(), SUBSCRIPTION).user_assigned_identities
    who = identities.create_or_update(rg, "someone", {"location": LOCATION}).principal_id
    name = str(uuid.uuid4())
    body = {"role_definition_id": reader.id, "principal_id": who, "principal_type": "ServicePrincipal"}
    made = assignments.create(scope, name, body)
    assert made.scope == scope and made.principal_id == who and made.name == name
    assert made.type == "Microsoft.Authorization/roleAssignments" and made.created_on is not None
    assert assignments.create(scope, name, body).id == made.id, "the same again is no change"
    assert assignments.get(scope, name).role_definition_id.endswith(READER)
    assert name in [it.name for it in assignments.list_for_scope(scope, filter="atScope()")]
    assert [it.name for it in assignments.list_for_subscription(filter=f"principalId eq '{who}'")] == [name]
    assert [it.name for it in assignments.list_for_resource_group(rg, filter=f"assignedTo('{who}')")] == [name]

    exists = refused(lambda: assignments.create(scope, str(uuid.uuid4()), body), 409, "RoleAssignmentExists")
    assert isinstance(exists, ResourceExistsError)
    other = dict(body, role_definition_id=role_id(SECRETS_USER))
    refused(lambda: assignments.create(scope, name, other), 400, "RoleAssignmentUpdateNotPermitted")
    unknown = {"role_definition_id": reader.id, "principal_id": str(uuid.uuid4())}
    refused(lambda: assignments.create(scope, str(uuid.uuid4()), unknown), 400, "PrincipalNotFound")
    refused(lambda: assignments.create(scope, "no-guid", body), 400, "InvalidRoleAssignmentId")

    gone = assignments.delete(scope, name)
    assert gone.id == made.id
    assert assignments.delete(scope, name) is None, "204: nothing there is as good"
    refused(lambda: assignments.get(scope, name), 404, "RoleAssignmentNotFound", name)

    role = str(uuid.uuid4())
    permissions = [{"actions": ["*/read"], "not_actions": ["Microsoft.KeyVault/*"], "data_actions": []}]
    wanted = {"role_name": "Conformance", "role_type": "CustomRole", "assignable_scopes": [scope]}
    custom = definitions.create_or_update(scope, role, dict(wanted, permissions=permissions))
    assert custom.role_type == "CustomRole" and custom.assignable_scopes == [scope] and custom.name == role
    assert [it.name for it in definitions.list(scope, filter="type eq 'CustomRole'")] == [role]
    with_custom = dict(body, role_definition_id=custom.id)
    assigned = assignments.create(scope, str(uuid.uuid4()), with_custom)
    refused(lambda: definitions.delete(scope, role), 400, "RoleDefinitionHasAssignments")
    assignments.delete_by_id(assigned.id)
    assert definitions.delete(scope, role).name == role
    assert list(client.deny_assignments.list_for_scope(scope)) == []
