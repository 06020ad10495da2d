// The main job: a member asks, a manager approves, the job is watched, and what it made is proved.

import { Azure } from "../keystead/azure.ts";
import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { everyCheckPassed, opensWebApp } from "../keystead/proof.ts";
import { alive, expect, test } from "../keystead/test.ts";

for (const scripts of [true, false]) {
  test(`from a request to a proved environment, ${scripts ? "live" : "with scripting off"}`, async ({ as, watch }) => {
    test.setTimeout(300_000);
    watch.expects(/status of 404/); // the stranger's
    const name = scripts ? "shop-live" : "shop-plain";
    const member = await as("member", { scripts, motion: true });
    await ask(member, { name, reason: "The checkout needs a place to be tried" }, scripts);
    const request = new URL(member.url()).pathname;
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Waits for approval");
    await expect(member.getByRole("button", { name: "Approve", exact: true })).toHaveCount(0);

    const stranger = await as("second-member", { scripts, motion: true });
    expect((await stranger.goto(request))?.status(), "another team's request").toBe(404);

    const manager = await as("manager", { scripts, motion: true });
    await approve(manager, request, scripts);
    const job = await jobOf(member, request);
    await member.goto(job);
    if (scripts) {
      await alive(member);
      await member.evaluate(() => document.body.setAttribute("data-never-loaded-again", ""));
      await jobSays(member, "Succeeded", 200);
      await expect(member.locator("body[data-never-loaded-again]"), "the page was not loaded again").toHaveCount(1);
    } else {
      const moving = member.getByRole("status").filter({ hasText: /Queued|Running|Waiting/ });
      await expect(async () => {
        await member.goto(job);
        await expect(moving).toHaveCount(0, { timeout: 500 });
      }).toPass({ timeout: 200_000 });
      await jobSays(member, "Succeeded", 1);
    }

    await member.goto(`/environments/${name}`);
    await expect(member.getByRole("heading", { level: 1 })).toContainText("Ready");
    await everyCheckPassed(member);
    await opensWebApp(member);
  });
}

test("each page of the way is fit to be looked at", async ({ as, portal }) => {
  test.setTimeout(300_000);
  const member = await as("member");
  await look(member, "environments-first");
  await member.goto("/environments/new");
  await alive(member);
  await look(member, "new-environment");
  await ask(member, { name: "shop-looked-at" });
  const request = new URL(member.url()).pathname;
  await look(member, "request-own");

  const manager = await as("manager");
  await manager.goto("/approvals");
  await alive(manager);
  await look(manager, "approvals");
  await manager.goto(request);
  await alive(manager);
  await look(manager, "request");
  await approve(manager, request);
  await manager.goto(request);
  await alive(manager);
  await look(manager, "request-approved");

  const job = await jobOf(member, request);
  await member.goto(job);
  await alive(member);
  await look(member, "job-running");
  await jobSays(member, "Succeeded", 200);
  await look(member, "job-succeeded");
  for (const page of ["environments", "environments/shop-looked-at", "requests", "jobs"]) {
    await member.goto(`/${page}`);
    await alive(member);
    await look(member, page.replace("/", "-"));
  }

  // The last page of the way: let go of, it stays on Azure.
  await member.goto("/environments/shop-looked-at");
  await member.getByRole("link", { name: "Release", exact: true }).click();
  await alive(member);
  await expect(member.locator("main")).toContainText("Everything stays on Azure as it stands");
  await look(member, "release");
  await member.getByLabel("Reason").fill("Looked after with Terraform from now on");
  await member.getByRole("button", { name: "Send for approval" }).click();
  await expect(member).toHaveURL(/\/requests\/[\w-]+$/);
  await manager.goto(new URL(member.url()).pathname);
  await alive(manager);
  await expect(manager.getByRole("heading", { name: "What stays on Azure" })).toBeVisible();
  await look(manager, "request-release");
  await manager.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(manager.getByRole("heading", { level: 1 })).toContainText("Approved");
  await member.goto("/environments/shop-looked-at");
  await alive(member);
  await expect(member.getByRole("heading", { level: 1 })).toContainText("Released");
  await expect(member.locator("main")).toContainText("Its resources stand on Azure as they did");
  await look(member, "environment-released");
  const azure = await Azure.of(portal);
  const kept = (await azure.resources("rg-shop-looked-at")).map(({ name }) => name);
  expect(kept, "Azure keeps it").toEqual(expect.arrayContaining(["aks-shop-looked-at", "kv-shop-looked-at"]));
  await azure.close();
});
