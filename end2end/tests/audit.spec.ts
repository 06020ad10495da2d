// The record: who may reads it, searches it, and saves a file that proves itself.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

import type { Page } from "@playwright/test";

import { ask } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { program } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

async function saved(page: Page, name: string): Promise<string> {
  const link = page.getByRole("link", { name });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return download.path();
}

test("what was done is found, saved and proved", async ({ as }) => {
  const member = await as("member");
  await ask(member, { name: "on-record" });
  await expect(member.getByRole("navigation", { name: "Main" }).getByText("Audit")).toHaveCount(0);
  const auditor = await as("auditor");
  await auditor.getByRole("link", { name: "Audit", exact: true }).click();
  await alive(auditor);
  await expect(auditor.getByRole("row", { name: /Request sent.*on-record/ })).toContainText("member");
  await expect(auditor.getByRole("row", { name: /Signed in/ }).first()).toContainText("127.0.0.1");
  await look(auditor, "audit");

  await auditor.getByLabel("Environment", { exact: true }).fill("on-record");
  await auditor.getByLabel("Action").selectOption("Request sent");
  await auditor.getByRole("button", { name: "Search" }).click();
  await expect(auditor.getByRole("row")).toHaveCount(2);
  const file = await saved(auditor, "Save as JSON Lines");
  expect(execFileSync(program("keystead"), ["audit", "verify", file], { encoding: "utf8" })).toContain("whole: 1 entries");
  writeFileSync(file, readFileSync(file, "utf8").replace("Create on-record", "Create off-record"));
  const altered = spawnSync(program("keystead"), ["audit", "verify", file], { encoding: "utf8" });
  expect(altered.status).toBe(1);
  expect(altered.stderr).toContain("is not what was sealed: it was altered");

  const evidence = await saved(auditor, "Save its evidence");
  expect(execFileSync(program("keystead"), ["audit", "verify", evidence], { encoding: "utf8" })).toContain("whole: 4 files");

  await auditor.getByLabel("Person").fill("nobody");
  await auditor.getByRole("button", { name: "Search" }).click();
  await expect(auditor.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
  await alive(auditor);
  await look(auditor, "audit-nothing");
});

test("it is searched without scripts, and a refusal says who reads it", async ({ as, watch }) => {
  const manager = await as("manager", { scripts: false });
  await manager.goto("/audit");
  await manager.getByLabel("Action").selectOption("Request sent");
  await manager.getByRole("button", { name: "Search" }).click();
  await expect(manager).toHaveURL(/action=request-sent/);
  watch.expects(/403/);
  const member = await as("member", { scripts: false });
  await member.goto("/audit");
  await expect(member.getByRole("main")).toContainText("managers, platform engineers and auditors read the record");
});
