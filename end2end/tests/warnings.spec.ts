// What would stop a job is said beside the form, before anybody is asked: cores, sizes, locks, policies.

import { Azure } from "../keystead/azure.ts";
import { fill } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { until } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

const ALLOWED_LOCATIONS =
  "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";

test("what would stop a job is said beside the form, and a denial keeps it from being sent", async ({ as, portal }) => {
  test.setTimeout(300_000);
  const azure = await Azure.of(portal);
  const subscription = `/subscriptions/${azure.subscription}`;
  const lock = `${subscription}/providers/Microsoft.Authorization/locks/frozen`;
  const policy = `${subscription}/providers/Microsoft.Authorization/policyAssignments/places`;
  const member = await as("member");
  const findings = member.locator("#plan .findings");
  const shown = async (region: string, size = "Standard_D2s_v5"): Promise<void> => {
    await member.goto("/environments/new");
    await alive(member);
    await fill(member, { name: "warned", region, template: "web-app-three-nodes", node_size: size });
    await expect(member.locator("#plan")).toContainText("Looked at Azure");
    await expect(member.locator("#plan")).not.toContainText("Looking at Azure");
  };
  try {
    await azure.control("/quotas", { location: "northeurope", family: "standardDSv5Family", limit: 4 });
    await azure.control("/sizes", { location: "swedencentral", name: "Standard_D4s_v5" });
    await shown("northeurope");
    await expect(findings).toContainText("6 cores of standardDSv5Family in northeurope are asked for and 4 are free: up to 2 nodes would pass");
    await look(member, "new-environment-warned");
    await member.getByRole("button", { name: "Send for approval" }).first().click();
    await expect(member).toHaveURL(/tried=1/);
    await expect(member.locator("main")).toContainText("needs a change");

    await shown("swedencentral", "Standard_D4s_v5");
    await expect(findings).toContainText("This subscription may not have Standard_D4s_v5 in swedencentral");

    await azure.put(lock, "2020-05-01", { properties: { level: "CanNotDelete" } });
    await azure.put(policy, "2022-06-01", {
      properties: {
        policyDefinitionId: ALLOWED_LOCATIONS,
        parameters: { listOfAllowedLocations: { value: ["northeurope", "swedencentral"] } },
      },
    });
    await azure.register("Microsoft.PolicyInsights");
    await until("lock and policy are known", 120_000, async () => {
      await shown("westeurope");
      const said = (await findings.allInnerTexts()).join(); // there is no list where there is nothing to say
      return said.includes("The lock frozen") && said.includes("The policy places refuses");
    });
    await expect(findings).toContainText("refuses every removal, a roll back too");
  } finally {
    await azure.remove(lock, "2020-05-01");
    await azure.remove(policy, "2022-06-01");
    await azure.control("/quotas", { location: "northeurope", family: "standardDSv5Family", limit: null });
    await azure.close();
  }
});
