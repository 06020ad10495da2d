"""A workspace that is deleted, comes back within its fourteen days, and is deleted for good."""


def workspaces(az, group):
    command, of = "monitor log-analytics workspace", f"--resource-group {group} -n archive"
    made = az(f"{command} create {of} --retention-time 60")
    assert made["provisioningState"] == "Succeeded" and made["customerId"], made
    shown = az(f"{command} show {of}")
    assert (shown["customerId"], shown["retentionInDays"]) == (made["customerId"], 60), shown
    assert [it["id"] for it in az(f"{command} list --resource-group {group}")] == [made["id"]]
    assert made["id"] in [it["id"] for it in az(f"{command} list")]

    az(f"{command} delete {of} --yes")
    az.refused("ResourceNotFound", f"{command} show {of}")
    assert az(f"{command} list --resource-group {group}") == []
    gone = f"{command} list-deleted-workspaces --resource-group {group}"
    assert "archive" in [it["name"] for it in az(gone)]
    assert az(f"{command} recover {of}")["customerId"] == made["customerId"]

    az(f"{command} delete {of} --yes --force true")
    assert "archive" not in [it["name"] for it in az(gone)]
