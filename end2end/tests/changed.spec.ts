// Day two: an environment becomes another one, then nothing, each by a plan that somebody else approves.

import { Azure } from "../keystead/azure.ts";
import { approve, ask, carriedOut, fill, jobOf, jobSays, send } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("an environment is changed in place, then destroyed with everything that was made for it", async ({
  as,
  portal,
}) => {
  test.setTimeout(500_000);
  const name = "day-two";
  const member = await as("member");
  const manager = await as("manager");
  await ask(member, { name });
  let request = new URL(member.url()).pathname;
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await jobSays(member, "Succeeded", 200);

  await member.goto(`/environments/${name}`);
  await member.getByRole("link", { name: "Change", exact: true }).click();
  await alive(member);
  const azure = await Azure.of(portal);
  const group = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}`;
  const path = `/resourceGroups/MC_rg-${name}_aks-${name}_westeurope/providers/Microsoft.Authorization/permissions`;
  await azure.control("/faults", { method: "GET", path, times: 100, status: 403, code: "AuthorizationFailed" });
  await fill(member, { nodes: "2", replicas: "2", team_role: "secrets-officer", insights: "no", reason: "More of it" });
  await expect(member.locator("#plan")).toContainText("Looked");
  await expect(member.locator("#plan .findings")).toContainText(
    `in the nodes' resource group MC_rg-${name}_aks-${name}_westeurope, so that the check of the nodes' identities cannot tell.`,
  );
  await look(member, "change");
  await send(member);
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  request = new URL(member.url()).pathname;
  await look(member, "request-change");
  await expect(member.locator("main")).toContainText("agentPoolProfiles.count 1 → 2");
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await jobSays(member, "Succeeded", 200);
  await member.goto(`/environments/${name}`);
  await expect(member.getByRole("heading", { level: 1 })).toContainText("Ready");

  const cluster = await azure.get<{ properties: { agentPoolProfiles: { count: number }[] } }>(
    `${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`,
    "2025-05-01",
  );
  expect(cluster.properties.agentPoolProfiles.map(({ count }) => count)).toEqual([2]);
  const types = (await azure.resources(`rg-${name}`)).map(({ type }) => type.toLowerCase());
  expect(types.filter((type) => /workspaces|datacollectionrules/.test(type)), "insights are gone").toEqual([]);

  // Somebody with the subscription's keys changes it behind the portal's back.
  const scaled = await azure.get<{ properties: { agentPoolProfiles: { count: number }[] } }>(
    `${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`,
    "2025-05-01",
  );
  for (const pool of scaled.properties.agentPoolProfiles) pool.count = 3;
  await azure.put(`${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`, "2025-05-01", scaled);
  await expect(async () => {
    await member.goto(`/environments/${name}`);
    await member.getByRole("button", { name: "Look now" }).click();
    await expect(member.getByText("1 difference")).toBeVisible({ timeout: 2_000 });
    await expect(member.locator("main")).toContainText("Changed by", { timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await expect(member.locator("main")).toContainText("agentPoolProfiles.count 3 → 2");
  await look(member, "environment-drifted");
  await member.getByRole("button", { name: "Ask to repair it" }).click();
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  request = new URL(member.url()).pathname;
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await jobSays(member, "Succeeded", 200);
  await member.goto(`/environments/${name}`);
  await expect(member.getByText("1 difference")).toHaveCount(0);

  // Done again, it is wanted after all.
  await azure.put(`${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`, "2025-05-01", scaled);
  await expect(async () => {
    await member.goto(`/environments/${name}`);
    await member.getByRole("button", { name: "Look now" }).click();
    await expect(member.getByText("1 difference")).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await member.getByRole("link", { name: "Make it the new wish" }).click();
  await alive(member);
  await expect(member.locator('#ask [name="nodes"]')).toHaveValue("3");
  await expect(member.locator('#ask [name="reason"]')).toHaveValue("As it was found on Azure: nodes 3 instead of 2.");
  await expect(member.locator("#plan")).toContainText("Nothing to do");
  await look(member, "change-accepting");
  await send(member);
  await carriedOut(member, manager);
  await member.goto(`/environments/${name}`);
  await expect(member.getByText("1 difference")).toHaveCount(0);

  await member.getByRole("link", { name: "Destroy", exact: true }).click();
  await alive(member);
  await expect(member.locator("main")).toContainText("can be recovered for 7 days");
  await look(member, "destroy");
  await member.getByLabel("Reason").fill("Not needed any more");
  await send(member);
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  request = new URL(member.url()).pathname;
  await look(member, "request-destroy");
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await look(member, "job-destroying");
  await jobSays(member, "Succeeded", 200);
  await member.goto(`/environments/${name}`);
  await expect(member.getByRole("heading", { level: 1 })).toContainText("Gone");
  await expect(member.locator("main")).toContainText(`Key Vault kv-${name}`);
  await look(member, "environment-gone");

  const left = (await azure.resources()).filter(({ id }) => id.toLowerCase().includes(`${name}`));
  expect(left.map(({ id }) => id)).toEqual([]);
  const assignments = await azure.assignments(`/subscriptions/${azure.subscription}`);
  expect(assignments.filter(({ id }) => id.toLowerCase().includes(name)).map(({ id }) => id)).toEqual([]);
  await azure.close();
});
