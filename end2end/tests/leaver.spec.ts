// Somebody leaves: a platform engineer says so, what they had open ends, and their manager takes on what stands.

import type { Page } from "@playwright/test";

import { ask } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { expect, test } from "../keystead/test.ts";

const LEAVER = "third-member@contoso.example";

async function says(page: Page, text: string | RegExp): Promise<void> {
  await expect(page.locator("main")).toContainText(text);
}

/** As an engineer: on the page of people, finds the one and says that they have left. */
async function marked(engineer: Page, pictures: boolean): Promise<void> {
  await engineer.goto("/people");
  await engineer.getByPlaceholder("Find a person").fill("third");
  await engineer.getByPlaceholder("Find a person").press("Enter");
  const row = engineer.getByRole("row", { name: new RegExp(LEAVER) });
  await expect(row).toContainText(/[1-9]\d* sessions?/);
  await engineer.getByRole("link", { name: `${LEAVER} has left` }).click();
  await expect(engineer.getByRole("heading", { level: 1 })).toHaveText(`${LEAVER} has left`);
  if (pictures) await look(engineer, "leaving");
  await engineer.getByRole("button", { name: "Has left" }).click();
  await expect(engineer).toHaveURL(/\/people$/);
  await says(engineer, /Marked as having left: [1-9]\d* sessions? ended/);
}

async function isBack(engineer: Page): Promise<void> {
  await engineer.goto("/people?show=left");
  await engineer.getByRole("button", { name: `${LEAVER} is back` }).click();
  await says(engineer, "they may sign in again");
}

for (const scripts of [true, false]) {
  test(`what somebody leaves behind is taken over, ${scripts ? "with scripts" : "without"}`, async ({ as, visitor }) => {
    const name = scripts ? "left-behind" : "left-plain";
    const leaver = await as("third-member", { scripts });
    await ask(leaver, { name }, scripts);
    const request = new URL(leaver.url()).pathname;
    const manager = await as("manager", { scripts });
    await manager.goto(request);
    await manager.getByRole("button", { name: "Approve", exact: true }).click();
    await ask(leaver, { name: `${name}-waits` }, scripts);
    const waits = new URL(leaver.url()).pathname;

    const engineer = await as("platform-engineer", { scripts });
    if (scripts) {
      await engineer.goto("/people");
      await look(engineer, "people");
    }
    await marked(engineer, scripts);
    await says(engineer, /[1-9]\d* requests? withdrawn, [1-9]\d* environments? offered to (its|their) teams?/);
    if (scripts) {
      await engineer.goto("/people?show=left");
      await look(engineer, "people-left");
      const auditor = await as("auditor");
      await auditor.goto("/people?show=left");
      await says(auditor, "Has left");
      await expect(auditor.getByRole("button", { name: "Is back" })).toHaveCount(0);
    }

    await leaver.goto("/environments");
    await expect(leaver).toHaveURL(/\/sign-in\?/);
    await manager.goto(waits);
    await says(manager, "Withdrawn");
    await says(manager, `${LEAVER} has left.`);

    // Let in at the directory, and not here.
    const again = await visitor({ scripts });
    await again.goto("/sign-in");
    const choice = again.locator(`button[name="account"][value="${LEAVER}"]`);
    await choice.click();
    await choice.click();
    await says(again, "marked as having left");

    await manager.goto("/approvals");
    await says(manager, "Left behind");
    if (scripts) await look(manager, "approvals-left-behind");
    await manager.getByRole("link", { name: new RegExp(`^Take it over or end it ?: ${name}$`) }).click();
    await says(manager, "Its owner has left");
    if (scripts) await look(manager, "environment-left-behind");
    await manager.getByRole("button", { name: "Take it over" }).click();
    await says(manager, "It is yours now");
    await expect(manager.locator("main")).not.toContainText("Its owner has left");
    await manager.goto("/approvals");
    // Others may wait there still; this one does not.
    await expect(manager.getByRole("link", { name: new RegExp(`^Take it over or end it ?: ${name}$`) })).toHaveCount(0);
    await isBack(engineer);
    await engineer.goto("/audit?action=environment-taken-on");
    await says(engineer, name);
  });
}
