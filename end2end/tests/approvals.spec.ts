// Approvals: two levels with a plan that becomes another one in between, a hand-over, a refusal with its reason.

import { Azure } from "../keystead/azure.ts";
import { approve, ask, fill, jobOf, jobSays, send } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("two levels approve what is large, and anew where the world changes in between", async ({ as, portal }) => {
  test.setTimeout(400_000);
  const name = "two-levels";
  const [member, manager, engineer] = [await as("member"), await as("manager"), await as("platform-engineer")];
  await ask(member, { name });
  let request = new URL(member.url()).pathname;
  await approve(manager, request);
  await member.goto(await jobOf(member, request));
  await alive(member);
  await jobSays(member, "Succeeded", 200);

  await member.goto(`/environments/${name}/change`);
  await alive(member);
  await fill(member, { nodes: "8", reason: "The sale begins on Friday" });
  await expect(member.locator("#plan")).toContainText("A manager of team Payments decides, then a platform engineer.");
  await send(member);
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  request = new URL(member.url()).pathname;

  await manager.goto("/approvals");
  await expect(manager.locator("main")).toContainText("platform approves too");
  await look(manager, "approvals-two-levels");
  await manager.goto(request);
  await look(manager, "request-two-levels");
  await manager.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(manager.getByRole("heading", { level: 1 })).toContainText("Waits for approval");
  await expect(manager.locator(".approvals")).toContainText("manager");

  // Somebody with the subscription's keys keeps the records longer, behind the portal's back.
  const azure = await Azure.of(portal);
  const workspace = `/subscriptions/${azure.subscription}/resourceGroups/rg-${name}/providers/Microsoft.OperationalInsights/workspaces/log-${name}`;
  const found = await azure.get<{ location: string; properties: Record<string, unknown> }>(workspace, "2025-02-01");
  await azure.put(workspace, "2025-02-01", { ...found, properties: { ...found.properties, retentionInDays: 60 } });

  await engineer.goto("/approvals");
  await engineer.getByRole("link", { name: /^Look and decide/ }).first().click();
  await expect(engineer).toHaveURL(new RegExp(`${request}$`));
  await engineer.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(engineer.locator("main")).toContainText("The plan has become another one");
  await expect(engineer.locator("main")).toContainText("One approval counts for nothing.");
  await expect(engineer.locator("main")).toContainText(`log-${name}`);
  await expect(engineer.getByRole("button", { name: "Approve", exact: true }), "the manager comes first").toHaveCount(0);

  await manager.goto(request);
  await look(manager, "request-lapsed");
  await manager.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(manager.getByRole("heading", { level: 1 })).toContainText("Waits for approval");
  await engineer.goto(request);
  await engineer.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(engineer).toHaveURL(/\/jobs\/[\w-]+$/);
  await engineer.goto(request);
  await look(engineer, "request-record");
});

test("whoever is away hands over; the record shows both names, and the requester reads why not", async ({ as }) => {
  test.setTimeout(200_000);
  const [member, manager, other] = [await as("third-member"), await as("manager"), await as("second-manager")];
  await ask(member, { name: "handed-over", reason: "To try the hand-over" });
  const request = new URL(member.url()).pathname;

  await manager.goto("/approvals");
  await alive(manager);
  await manager.getByRole("button", { name: "Hand over" }).first().click();
  await look(manager, "hand-over");
  const dialog = manager.getByRole("dialog");
  await dialog.getByLabel("To").selectOption("second-manager@contoso.example");
  await dialog.getByRole("button", { name: "Hand over" }).click();
  await expect(manager.locator("main")).toContainText("second-manager decides for you until");

  await other.goto("/approvals");
  await expect(other.locator("main")).toContainText("You decide for manager until");
  await other.goto(request);
  await expect(other.locator("main")).toContainText("You decide for manager, who has handed over to you.");
  await other.getByLabel("Comment").fill("The shared environment does for that.");
  await other.getByRole("button", { name: "Reject" }).click();
  await expect(other.getByRole("heading", { level: 1 })).toContainText("Rejected");

  await member.goto(request);
  await expect(member.locator("#record")).toContainText("second-manager@contoso.example for manager@contoso.example");
  await expect(member.locator("main")).toContainText("The shared environment does for that.");
  await manager.goto("/approvals");
  await manager.getByRole("button", { name: "Take back" }).click();
  await expect(manager.getByRole("button", { name: "Hand over" }).first()).toBeVisible();
});

test("a request goes back as a draft with what should be otherwise, also with scripting off", async ({ as }) => {
  test.setTimeout(200_000);
  const member = await as("member", { scripts: false });
  const manager = await as("manager", { scripts: false });
  await ask(member, { name: "sent-back", reason: "Just in case" }, false);
  const request = new URL(member.url()).pathname;
  await manager.goto(request);
  await manager.getByRole("button", { name: "Ask for changes" }).click();
  await expect(manager.locator("main")).toContainText("Say why");
  await manager.getByLabel("Comment").fill("Say which team needs it.");
  await manager.getByRole("button", { name: "Ask for changes" }).click();
  await expect(manager.getByRole("heading", { level: 1 })).toContainText("Changes asked for");
  await member.goto("/requests");
  await member.getByRole("link", { name: "sent-back", exact: true }).click();
  await expect(member.locator("main")).toContainText("asks for changes: Say which team needs it.");
});

test("a group of the directory decides after the manager, and sees nothing else", async ({ as, watch }) => {
  test.setTimeout(200_000);
  watch.expects(/status of 404/); // what the officer may not see
  const levels = `[{ by = "managers" }, { group = "\${teams.1.group}", title = "Security" }]`;
  const portal = new Portal(200, { KEYSTEAD__APPROVALS: `[{ title = "Everything", rule = { levels = ${levels} } }]` });
  await portal.start();
  try {
    const [member, manager] = [await as("member", { portal }), await as("manager", { portal })];
    const officer = await as("second-member", { portal });
    await ask(member, { name: "asks-security" });
    const request = new URL(member.url()).pathname;
    await officer.goto(request);
    await expect(officer.locator("main"), "the manager is asked first").toContainText("There is nothing here");
    await manager.goto(request);
    await manager.getByRole("button", { name: "Approve", exact: true }).click();
    await expect(manager.locator(".approvals")).toContainText("Security");

    await officer.goto("/approvals");
    await look(officer, "approvals-of-a-group");
    await officer.getByRole("link", { name: /^Look and decide/ }).first().click();
    await expect(officer.locator(".approvals")).toContainText("You are asked");
    await look(officer, "request-of-a-group");
    await officer.getByRole("button", { name: "Approve", exact: true }).click();
    await expect(officer.locator(".approvals")).toContainText("Approved for Security");
    await officer.goto("/environments/asks-security");
    await expect(officer.locator("main")).toContainText("There is nothing here");
  } finally {
    await portal.stop();
  }
});
