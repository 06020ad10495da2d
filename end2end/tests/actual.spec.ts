// What Azure has billed: beside the estimate of an environment, and by team, also after its end.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ask, carriedOut } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal, until } from "../keystead/portal.ts";
import { expect, test } from "../keystead/test.ts";

/** Azure tells of what was used at once, and not hours later. */
async function toldAtOnce(portal: Portal): Promise<void> {
  const ready = JSON.parse(readFileSync(join(portal.data, "azure", "portal.json"), "utf8")) as { control: string };
  const changed = await fetch(`${ready.control}/settings`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ costs_late_minutes: 0 }),
  });
  expect(changed.ok, "the simulator takes the setting").toBe(true);
}

test("what was billed stands beside what was estimated", async ({ as }) => {
  test.setTimeout(240_000);
  const portal = new Portal(200, { KEYSTEAD__COST__EVERY_MINUTES: "1" });
  await portal.start();
  try {
    await toldAtOnce(portal);
    const member = await as("member", { portal });
    const manager = await as("manager", { portal });
    await ask(member, { name: "billed", template: "web-app-one-node" });
    await carriedOut(member, manager);
    await member.goto("/environments/billed");
    const card = member.locator("section", { has: member.getByRole("heading", { name: "Cost", exact: true }) });
    await expect(card).toContainText("a month, estimated");
    await expect(card.getByRole("heading", { name: "Billed by Azure" })).toBeVisible();
    await until("Azure has told of it", 150_000, async () => {
      // Asked for without a browser, which would draw each one and keep it for its trace.
      const page = await (await member.request.get("/environments/billed")).text();
      return /so far\s+€0\.1\d/.test(page.replace(/<[^>]*>/g, " "));
    });
    await member.reload();
    await expect(card).toContainText(/so far\s*€0\.1\d/);
    await card.locator("summary", { hasText: "Told up to" }).click();
    await expect(card).toContainText("Azure’s figures come up to two days late");
    await expect(card).toContainText("the one that AKS made for its nodes");
    await look(member, "environment-billed");

    const other = await as("second-member", { portal });
    await ask(other, { name: "asked-for", template: "web-app-three-nodes" });
    const engineer = await as("platform-engineer", { portal });
    await engineer.goto("/environments");
    await expect(engineer.locator("main")).toContainText(/€0\.1\d billed in/);
    const teams = engineer.getByRole("table").filter({ hasText: "so far" });
    await expect(teams.getByRole("row", { name: /Payments/ })).toContainText(/€0\.1\d/);
    await expect(teams.getByRole("row", { name: /Catalogue/ })).toContainText("€452.22");
    await look(engineer, "environments-billed");
  } finally {
    await portal.stop();
  }
});
