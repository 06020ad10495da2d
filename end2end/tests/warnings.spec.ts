// What would stop a job is said beside the form, before anybody is asked: cores, sizes, locks, policies, rights, names.

import { Azure } from "../keystead/azure.ts";
import { fill } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { until } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

const ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const ALLOWED_LOCATIONS =
  "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";

test("what would stop a job is said beside the form, and a denial keeps it from being sent", async ({ as, portal }) => {
  test.setTimeout(300_000);
  const azure = await Azure.of(portal);
  const subscription = `/subscriptions/${azure.subscription}`;
  const lock = `${subscription}/providers/Microsoft.Authorization/locks/frozen`;
  const policy = `${subscription}/providers/Microsoft.Authorization/policyAssignments/places`;
  const group = `${subscription}/resourceGroups/rg-images`;
  const registry = `${group}/providers/Microsoft.ContainerRegistry/registries/contosoimages`;
  const image = "contosoimages.azurecr.io/webapp:1.0.0";
  const rights = await azure.given(ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR);
  const member = await as("member");
  const findings = member.locator("#plan .findings");
  const shown = async (region: string, more: Record<string, string> = {}): Promise<void> => {
    await member.goto("/environments/new");
    await alive(member);
    await fill(member, { name: "warned", region, template: "web-app-three-nodes", node_size: "Standard_D2s_v5", ...more });
    await expect(member.locator("#plan")).toContainText("Looked at Azure");
    await expect(member.locator("#plan")).not.toContainText("Looking at Azure");
  };
  try {
    await azure.control("/quotas", { location: "northeurope", family: "standardDSv5Family", limit: 4 });
    await azure.control("/sizes", { location: "swedencentral", name: "Standard_D4s_v5" });
    await azure.leaveDeletedVault("kv-warned-before", { enablePurgeProtection: true });
    await azure.put(group, "2024-11-01", { location: "westeurope" });
    await azure.put(registry, "2025-11-01", { location: "westeurope", sku: { name: "Basic" } });
    await shown("northeurope");
    await expect(findings).toContainText("6 cores of standardDSv5Family in northeurope are asked for and 4 are free: up to 2 nodes would pass");
    await look(member, "new-environment-warned");
    await member.getByRole("button", { name: "Send for approval" }).first().click();
    await expect(member).toHaveURL(/tried=1/);
    await expect(member.locator("main")).toContainText("needs a change");

    await shown("swedencentral", { node_size: "Standard_D4s_v5", vault_name: "kv-warned-before" });
    await expect(findings).toContainText("This subscription may not have Standard_D4s_v5 in swedencentral");
    await expect(findings).toContainText("A deleted vault holds the name kv-warned-before until");
    await expect(findings).toContainText("can be neither recovered nor purged: take another name");
    await expect(member.locator("#vault_deleted")).toContainText("Purge protection is on: nobody can purge it before");

    for (const { id } of rights) await azure.remove(id, "2022-04-01");
    await azure.put(lock, "2020-05-01", { properties: { level: "CanNotDelete" } });
    await azure.put(policy, "2022-06-01", {
      properties: {
        policyDefinitionId: ALLOWED_LOCATIONS,
        parameters: { listOfAllowedLocations: { value: ["northeurope", "swedencentral"] } },
      },
    });
    await azure.register("Microsoft.PolicyInsights");
    await until("lock, policy and missing rights are known", 120_000, async () => {
      await shown("westeurope", { image });
      const said = (await findings.allInnerTexts()).join(); // there is no list where there is nothing to say
      return said.includes("The lock frozen") && said.includes("The policy places refuses") && said.includes("on the registry");
    });
    await expect(findings).toContainText("refuses every removal, a roll back too");
    const missing = "Keystead may not do Microsoft.Authorization/roleAssignments/write on the";
    await expect(findings).toContainText(`${missing} subscription. Grant it: az role assignment create`);
    await expect(findings).toContainText(`${missing} registry contosoimages.azurecr.io. Grant it: az role assignment create`);
    await expect(findings).toContainText(`--scope ${registry}`);
    await look(member, "new-environment-refused");
  } finally {
    for (const { id, properties } of rights) await azure.put(id, "2022-04-01", { properties });
    await azure.remove(lock, "2020-05-01");
    await azure.remove(policy, "2022-06-01");
    await azure.control("/quotas", { location: "northeurope", family: "standardDSv5Family", limit: null });
    await azure.close();
  }
});
