// The way of an environment in four pictures: asked, approved, watched, proved.

import { join } from "node:path";

import type { Page } from "@playwright/test";

import { approve, ask, fill, jobOf, jobSays } from "../keystead/deeds.ts";
import { alive, expect, test } from "../keystead/test.ts";

const SIZE = { width: 1280, height: 860 };

async function picture(page: Page, name: string): Promise<void> {
  await page.setViewportSize(SIZE);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: join(import.meta.dirname, `${name}.png`), animations: "disabled" });
}

test("asked, approved, watched, proved", async ({ as }) => {
  test.setTimeout(400_000);
  const member = await as("member");
  const manager = await as("manager");
  const answers = { name: "checkout-loadtest", reason: "The checkout needs a place to be tried before the sale." };
  // One job before, so that the next one knows how long each step takes.
  await ask(member, { name: "checkout-staging" });
  const first = new URL(member.url()).pathname;
  await approve(manager, first);
  await member.goto(await jobOf(member, first));
  await alive(member);
  await jobSays(member, "Succeeded", 200);

  await member.goto("/environments/new");
  await alive(member);
  await fill(member, { ...answers, region: "westeurope", template: "web-app-three-nodes" });
  await expect(member.locator("#plan")).toContainText("Looked at Azure");
  await expect(member.locator("#plan")).toContainText("to create");
  await picture(member, "form");
  await ask(member, { ...answers, template: "web-app-three-nodes" });
  const request = new URL(member.url()).pathname;
  await manager.goto(request);
  await alive(manager);
  await picture(manager, "request");
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await expect(member.getByRole("heading", { level: 1 }).getByRole("status")).toHaveText(/Running|Waiting/);
  await expect(member.locator("svg.graph a[data-state=succeeded]").nth(5)).toBeVisible();
  await picture(member, "job");
  await jobSays(member, "Succeeded", 200);
  await member.goto("/environments/checkout-loadtest");
  await alive(member);
  await picture(member, "environment");
});
