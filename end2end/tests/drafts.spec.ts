// A form that is filled keeps itself as a draft, until it is sent or dropped; then the draft is gone for good.

import type { Page } from "@playwright/test";

import { fill, send } from "../keystead/deeds.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("what is typed is kept, and gone once it is sent", async ({ as }) => {
  const page = await as("third-member");
  await page.goto("/environments/new");
  await alive(page);
  await fill(page, { name: "drafted", reason: "Kept while I type" });
  const address = await named(page);
  await page.goto(address);
  await alive(page);
  await expect(page.getByLabel("Reason")).toHaveValue("Kept while I type");

  // The answer to what was typed last is still awaited when the form leaves.
  const asked = page.waitForRequest("**/ask/drafts/save");
  await page.route("**/ask/drafts/save", (route) => setTimeout(() => void route.continue().catch(() => {}), 300));
  await fill(page, { reason: "Typed at the last moment" });
  await asked;
  await send(page);
  await expect(page).toHaveURL(/\/requests\/[\w-]+$/);
  await alive(page);
  await expect(page.locator("main")).toContainText("Typed at the last moment");
  await page.unrouteAll();
  await page.goto("/requests");
  await expect(page.getByRole("button", { name: "Drop the draft drafted" })).toHaveCount(0);
});

test("a form that is sent while its first draft is begun leaves none behind", async ({ as }) => {
  const page = await as("third-member");
  await page.goto("/environments/new");
  await alive(page);
  const asked = page.waitForRequest("**/ask/drafts/save");
  await page.route("**/ask/drafts/save", (route) => setTimeout(() => void route.continue().catch(() => {}), 300));
  await fill(page, { name: "at-once" });
  await asked;
  await send(page);
  await expect(page).toHaveURL(/\/requests\/[\w-]+$/);
  await alive(page);
  await page.unrouteAll();
  await page.goto("/requests");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Requests");
  await expect(page.getByRole("button", { name: "Drop the draft at-once" })).toHaveCount(0);
});

test("a draft that is dropped elsewhere stays gone, and what is typed next begins another", async ({ as }) => {
  const page = await as("third-member");
  await page.goto("/environments/new");
  await alive(page);
  await fill(page, { name: "dropped" });
  const first = await named(page);

  const elsewhere = await page.context().newPage();
  await elsewhere.goto("/requests");
  await elsewhere.getByRole("button", { name: "Drop the draft dropped" }).click();
  await expect(elsewhere.getByText("The draft is dropped.")).toBeVisible();

  await fill(page, { reason: "Typed after it was dropped" });
  await expect(page).toHaveURL(/\/environments\/new$/);
  await elsewhere.goto("/requests");
  await expect(elsewhere.getByRole("button", { name: "Drop the draft dropped" })).toHaveCount(0);
  await elsewhere.close();

  await fill(page, { reason: "And typed on" });
  const second = await named(page);
  expect(second).not.toBe(first);
  await page.goto(second);
  await alive(page);
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("dropped");
  await expect(page.getByLabel("Reason")).toHaveValue("And typed on");
});

/** Waits until the address names the draft. */
async function named(page: Page): Promise<string> {
  await expect(page).toHaveURL(/\/environments\/new\?draft=[\w-]+$/);
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}
