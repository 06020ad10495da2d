// What cannot be changed in place, and what Azure keeps: replaced, made again, recovered or gone for good.

import { Azure } from "../keystead/azure.ts";
import { approve, carriedOut, fill, jobOf, jobSays, send } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { alive, expect, test } from "../keystead/test.ts";

const CHOICE = { name: "What becomes of the deleted vault" };

test("an environment is made of other nodes and under another identity, ends, comes back, and ends for good", async ({
  as,
  portal,
}) => {
  test.setTimeout(600_000);
  const name = "kept";
  const vault = `kv-${name}`;
  const member = await as("member");
  const manager = await as("manager");
  const azure = await Azure.of(portal);
  const group = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}`;
  const cluster = `${group}/providers/Microsoft.ContainerService/managedClusters/aks-${name}`;
  const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/${vault}`;
  const begin = async (deed: string): Promise<void> => {
    await member.goto(`/environments/${name}`);
    await member.getByRole("link", { name: deed, exact: true }).click();
    await alive(member);
  };

  // Somebody's deleted vault holds the name. With scripting off it is purged by choice, and nothing typed is lost.
  await azure.leaveDeletedVault(vault);
  const plain = await as("third-member", { scripts: false });
  await plain.goto("/environments/new");
  await fill(plain, { name, region: "westeurope", template: "web-app-one-node", insights: "no", reason: "Typed once" });
  await send(plain);
  await expect(plain).toHaveURL(/tried=1/);
  await expect(plain.locator("main")).toContainText("One answer needs a change");
  let choice = plain.getByRole("group", CHOICE);
  await expect(choice).toContainText("in the resource group rg-somebody-else in northeurope; Azure keeps it until");
  await expect(choice).toContainText("choose what becomes of it, or take another name");
  await expect(choice.getByLabel("Recover it")).toBeDisabled();
  await expect(choice).toContainText("It can only come back where it was: in the resource group rg-somebody-else.");
  await expect(plain.locator('#ask [name="reason"]')).toHaveValue("Typed once");
  await expect(plain.locator('#ask [name="insights"][value="no"]')).toBeChecked();
  await choice.getByLabel("Purge it").check();
  await plain.getByRole("button", { name: "Show the plan" }).click();
  await expect(plain.locator("#plan")).toContainText("nobody can bring back what was in it");
  await expect(choice.getByLabel("Purge it")).toBeChecked();
  await send(plain);
  await expect(plain).toHaveURL(/\/requests\/[\w-]+$/);
  await expect(plain.locator("main")).toContainText("made anew after the deleted one of this name is purged");
  await member.goto(new URL(plain.url()).pathname);
  await carriedOut(member, manager);

  // Other nodes are another cluster; the app signs in as the nodes do.
  await begin("Change");
  await fill(member, { node_size: "Standard_D4s_v5", app_identity: "agent-pool", reason: "Bigger ones" });
  await expect(member.locator("#plan")).toContainText("1 to replace");
  await expect(member.locator("#plan .findings")).toContainText("the web app does not answer meanwhile");
  await look(member, "change-replace");
  await send(member);
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  const replacing = new URL(member.url()).pathname;
  await manager.goto(replacing);
  await alive(manager);
  await expect(manager.getByRole("rowheader", { name: /^Replace \d/ })).toContainText("what runs on it stops meanwhile");
  await expect(manager.getByRole("rowheader", { name: /^Delete \d/ })).toBeVisible();
  await look(manager, "request-replace");
  await approve(manager, replacing);
  await member.goto(await jobOf(member, replacing));
  await alive(member);
  await look(member, "job-replacing");
  await jobSays(member, "Succeeded", 200);
  type Cluster = { properties: { agentPoolProfiles: { vmSize: string }[] } };
  const resized = await azure.get<Cluster>(cluster, "2025-05-01");
  expect(resized.properties.agentPoolProfiles.map(({ vmSize }) => vmSize)).toEqual(["Standard_D4s_v5"]);
  const identities = async (): Promise<string[]> => {
    const made = await azure.resources(`rg-${name}`);
    return made.filter(({ type }) => /userassignedidentities$/i.test(type)).map((one) => one.name);
  };
  expect(await identities(), "the app has none of its own any more").toEqual([]);
  await member.goto(`/environments/${name}`);
  await expect(member.locator("main")).toContainText("reads secrets, from every pod of the cluster");

  await begin("Change");
  await fill(member, { app_identity: "workload", reason: "An identity of its own again" });
  await send(member);
  await carriedOut(member, manager);
  expect(await identities()).toEqual([`id-${name}`]);

  await begin("Destroy");
  await member.getByLabel("Reason").fill("Made again at once");
  await send(member);
  await carriedOut(member, manager);

  choice = member.getByRole("group", CHOICE);
  // The name is held by what Azure keeps: the form says so, and the keyboard is enough to choose.
  await expect(async () => {
    await member.goto("/environments/new");
    await alive(member);
    await fill(member, { name, region: "westeurope", template: "web-app-one-node", insights: "no" });
    const held = `in the resource group rg-${name} in westeurope; Azure keeps it until`;
    await expect(choice).toContainText(held, { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await expect(choice).toContainText("without purge protection");
  await expect(member.locator("#plan")).toContainText("choose what becomes of it, or take another name");
  await choice.getByLabel("Take another name").focus();
  await member.keyboard.press("ArrowDown");
  await expect(choice.getByLabel("Recover it")).toBeChecked();
  await expect(member.locator("#plan")).toContainText("recovered from soft delete, 3 role assignments must be made again");
  await expect(choice.getByLabel("Recover it"), "a new plan leaves the focus alone").toBeFocused();
  await look(member, "new-environment-deleted-vault");
  await member.locator('#ask [name="name"]').fill(`${name}-2`);
  await expect(choice, "another name is not held").toHaveCount(0);
  await member.locator('#ask [name="name"]').fill(name);
  await expect(choice.getByLabel("Take another name"), "a choice is about one vault alone").toBeChecked();
  await choice.getByLabel("Recover it").check();
  await expect(member.locator("#plan")).toContainText("recovered from soft delete");
  await send(member);
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  const again = new URL(member.url()).pathname;
  await manager.goto(again);
  await alive(manager);
  await expect(manager.locator("main")).toContainText("soft delete 7 days, recovered from soft delete");
  await expect(manager.locator("main")).toContainText("3 role assignments must be made again");
  await look(manager, "request-recover");
  await carriedOut(member, manager);
  const log = await (await member.request.get(`${new URL(member.url()).pathname}/log.txt`)).text();
  expect(log).toContain(`${vault} is recovered from soft delete`);
  const given = (await azure.assignments(vaultId)).map(({ id }) => id.toLowerCase());
  expect(given.filter((id) => id.startsWith(vaultId.toLowerCase())), "its roles are made again").toHaveLength(3);

  // This time nothing is to stay.
  await begin("Destroy");
  await member.getByRole("link", { name: "Purge it at once instead" }).click();
  await expect(member.locator("main")).toContainText("nobody can bring it back");
  await alive(member);
  await look(member, "destroy-purge");
  await member.getByLabel("Reason").fill("Never again");
  await send(member);
  await carriedOut(member, manager);
  await member.goto(`/environments/${name}`);
  await expect(member.getByRole("heading", { level: 1 })).toContainText("Gone");
  await expect(member.locator("main")).not.toContainText(`Key Vault ${vault}`);
  await expect(async () => {
    await member.goto("/environments/new");
    await alive(member);
    await fill(member, { name, region: "westeurope", template: "web-app-one-node" });
    await expect(member.locator("#vault_name-says")).toHaveText(`${vault} is free on Azure.`, { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await azure.close();
});
