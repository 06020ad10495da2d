// Policies: written, tried out against what was asked, switched on; said while the form is filled, held when it is sent.

import { approve, ask, fill, send } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

const FEW_NODES = `title = "Few nodes"
teams = ["payments"]

[deny]
nodes = { max = 4 }
regions = ["westeurope", "northeurope"]

[approval]
nodes = { max = 2 }
`;

for (const scripts of [true, false]) {
  test(`a policy is tried out, switched on, and says what would pass${scripts ? "" : ", with scripting off"}`, async ({ as, watch }) => {
    test.setTimeout(300_000);
    // The page that answers a text with a mistake says so by its status, of which a browser complains.
    watch.expects(/the server responded with a status of 422/);
    const portal = new Portal(200);
    await portal.start();
    try {
      const [member, manager] = [await as("member", { portal, scripts }), await as("manager", { portal, scripts })];
      const engineer = await as("platform-engineer", { portal, scripts });
      await ask(member, { name: "asked-before", template: "web-app-three-nodes" }, scripts);

      await engineer.goto("/policies");
      await expect(engineer.locator("main")).toContainText("Short lives");
      if (scripts) await look(engineer, "policies");
      await engineer.getByRole("link", { name: "New policy" }).click();
      const text = engineer.getByLabel("Policy as TOML");
      const wrong = FEW_NODES.replace("westeurope", "moon");
      await text.fill(wrong);
      await engineer.getByRole("button", { name: "Save as version 1" }).click();
      await expect(engineer.getByRole("alert")).toContainText("Line 6: There is no region moon; there are westeurope,");
      await expect(text).toHaveValue(wrong);
      if (scripts) await look(engineer, "policy-wrong");
      await text.fill(FEW_NODES);
      await engineer.getByRole("button", { name: "Save as version 1" }).click();
      await expect(engineer.getByRole("heading", { level: 1 })).toContainText("Few nodes Off");
      const trial = engineer.locator("#trial");
      await expect(trial).toContainText("1 request: 1 would have needed a further approval.");
      await expect(trial).toContainText("Create asked-before");
      if (scripts) await look(engineer, "policy-tried");
      await engineer.getByRole("button", { name: "Switch version 1 on" }).click();
      await expect(engineer.getByRole("heading", { level: 1 })).toContainText("Few nodes On, version 1");

      await member.goto("/policies");
      await expect(member.locator("main")).toContainText("At most 4 nodes: anything else is denied.");
      if (scripts) await look(member, "policies-member");
      await member.goto("/environments/new");
      if (scripts) await alive(member);
      const answers = { name: "held-to-it", region: "swedencentral", template: "web-app-three-nodes", nodes: "6" };
      await fill(member, answers);
      const denial = "Policy “Few nodes” demands at most 4 nodes, and this has 6 nodes: choose a number that fits.";
      if (scripts) {
        await expect(member.locator("#plan .findings")).toContainText(denial);
        await look(member, "new-environment-denied");
      }
      await send(member);
      await expect(member).toHaveURL(/tried=1/);
      await expect(member.locator("#nodes-says")).toContainText(denial);
      await expect(member.locator("#region-says")).toContainText("the region West Europe or North Europe");
      await expect(member.locator('#ask [name="name"]')).toHaveValue("held-to-it");
      if (scripts) await alive(member);
      await fill(member, { region: "westeurope", nodes: "3" });
      if (scripts) {
        await expect(member.locator("#plan")).toContainText("A manager of team Payments decides, then a platform engineer.");
        await look(member, "new-environment-raised");
      }
      await send(member);
      await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
      const request = new URL(member.url()).pathname;
      const why = "Policy “Few nodes” expects at most 2 nodes: with 3 nodes a platform engineer approves it too.";
      await expect(member.locator(".approvals")).toContainText(why);

      await manager.goto("/approvals");
      const asked = manager.locator("li.ask", { hasText: "held-to-it" });
      await expect(asked).toContainText("platform approves too");
      await expect(asked).toContainText("finding");
      if (scripts) await look(manager, "approvals-policies");
      await manager.goto(request);
      if (scripts) await look(manager, "request-raised");
      await manager.getByRole("button", { name: "Approve", exact: true }).click();
      await expect(manager.locator("main")).toContainText("Approved; others are asked now.");
      await approve(engineer, request, scripts);

      // What waits since before the policy is looked at again when somebody approves it.
      await manager.goto("/approvals");
      await manager.locator("li.ask", { hasText: "asked-before" }).getByRole("link", { name: /^Look and decide/ }).click();
      await manager.getByRole("button", { name: "Approve", exact: true }).click();
      await expect(manager.locator("main")).toContainText("policy, needs a further approval now: Policy “Few nodes”");
      if (scripts) await look(manager, "request-policy-lapsed");
    } finally {
      await portal.stop();
    }
  });
}
