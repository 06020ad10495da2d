// Another identity on the nodes: found by proof where an app relies on the default, harmless where it does not.

import { Azure } from "../keystead/azure.ts";
import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("another identity on the nodes is found where an app relies on the default, and nowhere else", async ({
  as,
  portal,
}) => {
  test.setTimeout(400_000);
  const member = await as("member");
  const manager = await as("manager");
  const azure = await Azure.of(portal);
  for (const app_identity of ["agent-pool", "workload"]) {
    const name = `of-${app_identity}`;
    await ask(member, { name, app_identity });
    const request = new URL(member.url()).pathname;
    await approve(manager, request);
    await member.goto(await jobOf(member, request));
    await alive(member);
    await jobSays(member, "Succeeded", 200);

    const cluster = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`;
    const found = await azure.get<{ properties: Record<string, unknown> }>(cluster, "2025-05-01");
    found.properties.addonProfiles = { ...(found.properties.addonProfiles as object), azurepolicy: { enabled: true } };
    await azure.put(cluster, "2025-05-01", found);

    await member.goto(`/environments/${name}`);
    await alive(member);
    await member.getByRole("button", { name: "Validate now" }).click();
    const identities = member.locator(".checks details").filter({ hasText: /identit/i }).filter({ hasText: /node/i });
    const verdict = app_identity === "agent-pool" ? "Failed" : "Passed";
    await expect(async () => {
      await member.goto(`/environments/${name}`);
      await expect(member.getByText("Checking")).toHaveCount(0, { timeout: 500 });
      await expect(identities.first()).toContainText(verdict, { timeout: 500 });
    }).toPass({ timeout: 60_000 });
    if (verdict === "Failed") {
      await expect(identities.first()).toContainText("Multiple user assigned identities exist");
      await expect(member.getByRole("heading", { level: 1 })).toContainText("Needs a person");
      await look(member, "environment-needs-a-person");
    } else {
      await expect(member.getByRole("heading", { level: 1 })).toContainText("Ready");
    }
  }
  await azure.close();
});
