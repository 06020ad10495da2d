// A job that stops: it says why and what mends it, a person mends it, and the same job goes on with what stands.

import type { Page } from "@playwright/test";

import { Azure } from "../keystead/azure.ts";
import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { everyCheckPassed, opensWebApp } from "../keystead/proof.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("a wrong database password is typed anew, and nobody is asked again", async ({ as, portal }) => {
  test.setTimeout(300_000);
  const name = "wrong-password";
  const wrong = "not-the-password-71c4";
  const { server, database, username, password } = Azure.database(portal);
  const member = await as("member");
  await ask(member, { name, db_server: server, db_database: database, db_username: username, db_password: wrong });
  const request = new URL(member.url()).pathname;
  const manager = await as("manager");
  await approve(manager, request);
  const job = await jobOf(member, request);
  await member.goto(job);
  await alive(member);
  await jobSays(member, "Needs a person", 200);
  const notice = member.locator("section.notice");
  await expect(notice.getByRole("heading")).toHaveText("Web app: the database refuses the password");
  await expect(notice).toContainText("28P01");
  await expect(notice).toContainText("does not let this user in with the password that was given");
  await expect(notice).toContainText("Type the right password");
  await expect(member.locator("main")).not.toContainText(wrong);
  await look(member, "job-wrong-password");
  await member.goto(`/environments/${name}`);
  await expect(member.getByRole("heading", { level: 1 })).toContainText("Needs a person");

  const azure = await Azure.of(portal);
  const vault = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}/providers/Microsoft.KeyVault/vaults/kv-${name}`;
  const secret = "Webapp-DB-Server-UserPassword";
  await azure.mayReadSecrets(vault);
  const before = await azure.versions(vault, secret);
  expect(before).toHaveLength(1);
  expect(await azure.secret(vault, secret)).toBe(wrong);

  await member.goto(job);
  await alive(member);
  await member.getByLabel("Password of the database user").fill(password);
  await member.getByRole("button", { name: "Retry from this step" }).click();
  await expect(member.getByRole("heading", { level: 1 })).not.toContainText("Needs a person");
  await manager.goto("/approvals");
  await expect(manager.getByRole("region", { name: "Waiting for you" }).getByText(name)).toHaveCount(0);
  await jobSays(member, "Succeeded", 200);

  const after = await azure.versions(vault, secret);
  expect(after).toHaveLength(2);
  expect(after).toEqual(expect.arrayContaining(before));
  expect(await azure.secret(vault, secret)).toBe(password);
  await azure.close();
  await proved(member, name);
});

for (const scripts of [true, false]) {
  test(`a vault name taken after it was asked for is changed, ${scripts ? "live" : "with scripting off"}`, async ({
    as,
    portal,
  }) => {
    test.setTimeout(300_000);
    const name = scripts ? "taken-live" : "taken-plain";
    const member = await as("member", { scripts });
    await ask(member, { name }, scripts);
    const request = new URL(member.url()).pathname;
    const azure = await Azure.of(portal);
    await azure.takeVaultName(`kv-${name}`);

    const manager = await as("manager", { scripts });
    await approve(manager, request, scripts);
    const job = await jobOf(member, request);
    const watcher = await as("third-member"); // whose page is never loaded again
    await watcher.goto(job);
    await alive(watcher);
    await jobSays(watcher, "Needs a person");

    await member.goto(job);
    if (scripts) await alive(member);
    await jobSays(member, "Needs a person", 1);
    const notice = member.locator("section.notice");
    await expect(notice.getByRole("heading")).toHaveText("Vault: its name is held");
    await expect(notice).toContainText(`VaultAlreadyExists: The vault name 'kv-${name}' is already in use.`);
    await expect(notice).toContainText("somebody took this one after the plan was made");
    await expect(notice).toContainText("Give the vault another name");
    if (scripts) await look(member, "job-vault-name-taken");
    const another = `kv-${name}-2`;
    await member.getByLabel("Another vault name").fill(another);
    await member.getByRole("button", { name: "Change the name" }).click();
    await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
    const changed = new URL(member.url()).pathname;
    expect(changed).not.toBe(request);
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Waits for approval");
    await expect(member.getByRole("button", { name: "Approve", exact: true })).toHaveCount(0);
    await expect(watcher.getByText("A changed plan waits for its approver")).toBeVisible();

    await manager.goto("/approvals");
    await manager.getByRole("link", { name: `Another vault name for ${name}`, exact: true }).click();
    await expect(manager).toHaveURL(new RegExp(`${changed}$`));
    await expect(manager.locator("main")).toContainText(`The vault is to be named ${another} instead of kv-${name}.`);
    await expect(manager.getByRole("rowheader", { name: /^Keep \d/ })).toBeVisible();
    if (scripts) {
      await alive(manager);
      await look(manager, "request-vault-name");
    }
    await approve(manager, changed, scripts);
    expect(new URL(manager.url()).pathname, "the same job goes on").toBe(job);
    await jobSays(watcher, "Succeeded", 200);

    const made = await azure.resources(`rg-${name}`);
    const named = (type: RegExp) => made.filter((one) => type.test(one.type)).map((one) => one.name);
    expect(named(/\/managedClusters$/i)).toEqual([`aks-${name}`]);
    expect(named(/\/vaults$/i)).toEqual([another]);
    const log = await (await watcher.request.get(`${job}/log.txt`)).text();
    const once = [`Resource group: rg-${name}`, `Workspace: log-${name}`, `Cluster: aks-${name}`, `App identity: id-${name}`];
    for (const kept of once) {
      expect(log.split(`  ${kept} stands after `).length - 1, `${kept} is made once`).toBe(1);
    }
    await azure.close();
    await proved(member, name);
    await expect(member.locator("main")).toContainText(another);
  });
}

/** The environment is ready, everything about it is proved, and its web app answers. */
async function proved(page: Page, name: string): Promise<void> {
  await page.goto(`/environments/${name}`);
  await everyCheckPassed(page);
  await page.goto(`/environments/${name}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Ready");
  await opensWebApp(page);
}
