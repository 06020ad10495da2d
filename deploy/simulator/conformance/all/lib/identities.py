"""An identity that a person gives to an app, from its making to its end."""


def identities(az, group):
    made = az(f"identity create --resource-group {group} --name reader --tags of=web")
    assert made["clientId"] and made["principalId"] and made["tags"] == {"of": "web"}, made
    assert az(f"identity show --resource-group {group} --name reader") == made
    assert [it["id"] for it in az(f"identity list --resource-group {group}")] == [made["id"]]
    assert made["id"] in [it["id"] for it in az("identity list")]
    known = az("ad sp show --id", made["clientId"])
    assert (known["id"], known["servicePrincipalType"]) == (made["principalId"], "ManagedIdentity"), known
    az(f"identity delete --resource-group {group} --name reader")
    az.refused("ResourceNotFound", f"identity show --resource-group {group} --name reader")
    assert az(f"identity list --resource-group {group}") == []
    az.refused("does not exist", "ad sp show --id", made["clientId"])
