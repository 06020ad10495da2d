"""A role of one's own, from its making to its end."""

import json


def roles(az, scope):
    wanted = {"Name": f"Vault watcher of {scope}", "Actions": ["Microsoft.KeyVault/vaults/read"], "AssignableScopes": [scope]}
    made = az("role definition create --role-definition", json.dumps(wanted))
    assert made["roleType"] == "CustomRole" and made["assignableScopes"] == [scope], made
    given = az("role assignment create --role", wanted["Name"], "--scope", scope, "--assignee", "auditor@contoso.example")
    [listed] = az("role assignment list --scope", scope, "--assignee", "auditor@contoso.example")
    assert listed["roleDefinitionName"] == wanted["Name"], listed
    az.refused("RoleDefinitionHasAssignments", "role definition delete --scope", scope, "--name", wanted["Name"])
    az("role assignment delete --ids", given["id"])
    az("role definition delete --scope", scope, "--name", wanted["Name"])
    assert az("role definition list --custom-role-only true --scope", scope) == []
