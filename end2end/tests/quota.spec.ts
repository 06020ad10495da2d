// A quota that is full: said while the form is filled, refused when it is sent, and free again once room was made.

import { ask, fill, send } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

/** As the embedded default has them, with a place for one environment. */
const TEAMS = `[
  { name = "payments", title = "Payments", group = "\${teams.0.group}", managers = ["manager@contoso.example"],
    cost_centre = "4711", quota = { environments = 1, cores = 8, monthly = 1000 } },
  { name = "catalogue", title = "Catalogue", group = "\${teams.1.group}", managers = ["second-manager@contoso.example"] }
]`.replaceAll("\n", " ");

test("the last place is taken once, and the form says who could make room", async ({ as }) => {
  test.setTimeout(240_000);
  const portal = new Portal(200, { KEYSTEAD__TEAMS: TEAMS });
  await portal.start();
  try {
    const member = await as("member", { portal });
    const manager = await as("manager", { portal });
    await ask(member, { name: "holds-the-place", template: "web-app-three-nodes" });
    const request = member.url();
    await expect(member.getByRole("heading", { name: "Cost" })).toBeVisible();
    await expect(member.locator("main")).toContainText("a month, estimated");
    await expect(member.locator("main")).toContainText("Borne by cost centre 4711");
    await look(member, "request-cost");

    await member.goto("/environments/new");
    await alive(member);
    await fill(member, { name: "wants-one-too", region: "westeurope", template: "web-app-three-nodes" });
    const plan = member.locator("#plan");
    await expect(plan).toContainText("Quota of team Payments, with this");
    await expect(plan).toContainText("2 of 1");
    await expect(plan).toContainText("end one of yours that is not needed, holds-the-place say");
    await expect(plan).toContainText("€452.22 a month, estimated");
    await plan.locator("summary", { hasText: "List prices of" }).click();
    await expect(plan).toContainText("Traffic out of Azure");
    await look(member, "new-environment-full");
    await send(member);
    await expect(member).toHaveURL(/tried=1/);
    await expect(member.locator("main")).toContainText("Team Payments may hold 1 environment and holds 1");

    await manager.goto("/approvals");
    await expect(manager.locator("li.ask")).toContainText("€452.22");
    await look(manager, "approvals-cost");
    await manager.goto("/requests");
    await look(manager, "requests-cost");
    await manager.goto("/environments");
    await expect(manager.locator("main")).toContainText("€452 a month");
    await expect(manager.getByRole("region", { name: "Quota of team Payments" })).toContainText("1 of 1");
    await look(manager, "environments-cost");
    await manager.goto("/environments/holds-the-place");
    await expect(manager.locator("main")).toContainText("3 nodes, Standard_D2s_v5");
    await look(manager, "environment-cost");

    await manager.goto(request);
    await alive(manager);
    await manager.getByLabel("Comment").fill("The place is needed for another one.");
    await manager.getByRole("button", { name: "Reject" }).click();
    await expect(manager.locator("main")).toContainText("Rejected");
    await ask(member, { name: "wants-one-too", template: "web-app-three-nodes" });
  } finally {
    await portal.stop();
  }
});
