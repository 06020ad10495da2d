"""Who there is, as the directory tells."""

import os


def directory(az):
    owner = az("ad sp show --id", os.environ["AZURE_CLIENT_ID"])
    assert owner["displayName"] == "subscription-owner", owner
    assert [it["id"] for it in az("ad sp list --display-name subscription-owner")] == [owner["id"]]
    manager = az("ad user show --id manager@contoso.example")
    [payments] = az("ad group list --display-name Payments")
    member = az("ad group member check --group", payments["id"], "--member-id", manager["id"])
    assert member["value"] is True, member
    [group] = az("ad user get-member-groups --id manager@contoso.example")
    assert group["displayName"] == "Payments", group
