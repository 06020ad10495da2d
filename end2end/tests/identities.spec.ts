// Another identity on the nodes: found by proof where an app relies on the default, harmless where it does not.

import type { Page } from "@playwright/test";

import { Azure } from "../keystead/azure.ts";
import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { alive, expect, test } from "../keystead/test.ts";

const CLUSTERS = "2025-05-01";

test("another identity on the nodes is found where an app relies on the default, and nowhere else", async ({
  as,
  portal,
}) => {
  test.setTimeout(400_000);
  const member = await as("member");
  const manager = await as("manager");
  const azure = await Azure.of(portal);
  // Two environments that differ only in whose identity the app signs in with; neither is watched by the add-on that
  // Keystead itself would switch on.
  const environments = { relying: "of-agent-pool", own: "of-workload" };
  const jobs: string[] = [];
  for (const [name, app_identity] of [
    [environments.relying, "agent-pool"],
    [environments.own, "workload"],
  ] as const) {
    await ask(member, { name, app_identity, insights: "no" });
    const request = new URL(member.url()).pathname;
    await approve(manager, request);
    jobs.push(await jobOf(member, request));
  }
  for (const job of jobs) {
    await member.goto(job);
    await alive(member);
    await jobSays(member, "Succeeded", 200);
  }

  // Each puts an identity of its own on the nodes; monitoring does where it does not sign in with the cluster's.
  const legacy = { logAnalyticsWorkspaceResourceID: await workspace(azure) };
  for (const { addon, on } of [
    { addon: "azurepolicy", on: { enabled: true } },
    { addon: "omsagent", on: { enabled: true, config: legacy } },
  ]) {
    for (const name of Object.values(environments)) await switched(azure, name, addon, on);

    await validated(member, environments.relying);
    const failed = identities(member);
    await expect(failed).toContainText("Failed");
    await expect(failed).toContainText(`${addon}-aks-${environments.relying}`);
    await expect(failed).toContainText("Multiple user assigned identities exist, please specify the clientId / resourceId");
    await expect(failed).toContainText("Give the app an identity of its own (workload identity), or take off the add-on");
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Needs a person");
    if (addon === "azurepolicy") await look(member, "environment-needs-a-person");

    await validated(member, environments.own);
    await expect(identities(member)).toContainText("Passed");
    await expect(identities(member)).toContainText(`${addon}-aks-${environments.own}`);
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Ready");

    for (const name of Object.values(environments)) await switched(azure, name, addon, { enabled: false });
    await validated(member, environments.relying);
    await expect(identities(member), "the remedy mends it").toContainText("Passed");
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Ready");
  }
  await azure.close();
});

/** A workspace that somebody else has made. */
async function workspace(azure: Azure): Promise<string> {
  const group = `/subscriptions/${azure.subscription}/resourceGroups/rg-monitoring`;
  const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/log-everybody`;
  await azure.put(group, "2024-11-01", { location: "westeurope" });
  await azure.put(workspace, "2025-02-01", { location: "westeurope", properties: { sku: { name: "PerGB2018" } } });
  return workspace;
}

/** From outside, as any program may: an add-on of an environment's cluster, on or off. */
async function switched(azure: Azure, name: string, addon: string, profile: object): Promise<void> {
  const group = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}`;
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`;
  const found = await azure.get<{ properties: { addonProfiles?: object } }>(cluster, CLUSTERS);
  found.properties.addonProfiles = { ...found.properties.addonProfiles, [addon]: profile };
  await azure.put(cluster, CLUSTERS, found);
}

/** Runs the checks by hand, and waits on the environment's page until they have ended. */
async function validated(page: Page, name: string): Promise<void> {
  await page.goto(`/environments/${name}`);
  await alive(page);
  await page.getByRole("button", { name: "Validate now" }).click();
  await expect(async () => {
    await page.goto(`/environments/${name}`);
    await expect(page.getByText("Checking")).toHaveCount(0, { timeout: 500 });
    await expect(page.locator(".checks details > summary").filter({ hasText: "Could not tell" })).toHaveCount(0, { timeout: 500 });
  }).toPass({ timeout: 60_000 });
}

/** What the check of the nodes' identities found. */
function identities(page: Page) {
  return page.locator("#check-node-identities");
}
