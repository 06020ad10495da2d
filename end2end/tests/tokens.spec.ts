// A manager makes a token and subscribes a webhook, sees each secret once, and ends both; with scripts and without.

import type { Page } from "@playwright/test";

import { look } from "../keystead/look.ts";
import { expect, test } from "../keystead/test.ts";

async function says(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.locator("main")).toContainText(text);
}

for (const scripts of [true, false]) {
  test(`a token is made, used and revoked, ${scripts ? "with scripts" : "without"}`, async ({ as, request, watch }) => {
    watch.expects(/the server responded with a status of 422/);
    const manager = await as("manager", { scripts });
    const name = scripts ? "release notes" : "plain notes";
    await manager.goto("/tokens");
    if (scripts) await look(manager, "tokens-none");
    await manager.getByLabel("Name").fill(name);
    await manager.getByLabel("Run the checks").check();
    await manager.getByLabel("Days until it ends").fill("400");
    await manager.getByRole("button", { name: "Make it" }).click();
    await says(manager, "1 to 90");
    await expect(manager.getByLabel("Run the checks")).toBeChecked();
    if (scripts) await look(manager, "tokens-wrong");
    await manager.getByLabel("Days until it ends").fill("30");
    await manager.getByRole("button", { name: "Make it" }).click();
    const field = manager.getByLabel("To be copied");
    const token = await field.inputValue();
    expect(token).toMatch(/^keystead_pat_[0-9A-Za-z]{49}$/);
    if (scripts) await look(manager, "tokens-made");

    const asked = () =>
      request.get(new URL("/api/v1/environments", manager.url()).href, { headers: { authorization: `Bearer ${token}` } });
    expect((await asked()).status()).toBe(200);
    await manager.goto("/tokens");
    await expect(field).toHaveCount(0);
    await says(manager, "Run the checks");
    if (scripts) await look(manager, "tokens");
    await manager.getByRole("link", { name: `Revoke ${name}` }).click();
    if (scripts) await look(manager, "token");
    await manager.getByRole("button", { name: "Revoke it" }).click();
    await says(manager, "Revoked, here and on every other server.");
    expect((await asked()).status()).toBe(401);
  });

  test(`a webhook is subscribed, given another secret and removed, ${scripts ? "with scripts" : "without"}`, async ({ as, watch }) => {
    watch.expects(/the server responded with a status of 422/);
    const manager = await as("manager", { scripts });
    const name = scripts ? "chat" : "plain-chat";
    await manager.goto("/webhooks");
    if (scripts) await look(manager, "webhooks-none");
    await manager.getByLabel("Name").fill(name);
    await manager.getByLabel("Address").fill("https://10.1.2.3/hook");
    await manager.getByRole("button", { name: "Subscribe" }).click();
    await says(manager, "points inside");
    await manager.getByLabel("Address").fill("https://203.0.114.1/hook");
    await manager.getByLabel("job.finished").check();
    await manager.getByRole("button", { name: "Subscribe" }).click();
    const secret = await manager.getByLabel("To be copied").inputValue();
    expect(secret).toMatch(/^whsec_/);
    if (scripts) await look(manager, "webhooks-made");
    await manager.getByRole("link", { name, exact: true }).click();
    await manager.getByRole("button", { name: "Send a ping" }).click();
    await says(manager, "A ping is on its way.");
    if (scripts) await look(manager, "webhook");

    const deed = async (word: string) => {
      if (scripts) await manager.getByRole("button", { name: word, exact: true }).first().click();
      else await manager.locator("summary", { hasText: word }).click();
      const place = scripts ? manager.getByRole("dialog") : manager.locator("details[open]");
      await place.getByRole("button", { name: word }).click();
    };
    await deed("Change the secret");
    const other = await manager.getByLabel("To be copied").inputValue();
    expect(other).toMatch(/^whsec_/);
    expect(other).not.toBe(secret);
    await says(manager, "The secret before signs too until");
    await deed("Remove");
    await says(manager, "Removed. Nothing more is sent to it.");
    await expect(manager.getByRole("link", { name, exact: true })).toHaveCount(0);
  });
}
