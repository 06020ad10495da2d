// For authors of programs: what an error means can be read by anybody, and the reader page brings all that it needs.

import { alive, expect, test } from "../keystead/test.ts";
import { look, picture } from "../keystead/look.ts";

test("what an error means can be read without a session, and without scripting", async ({ visitor }) => {
  const page = await visitor();
  await page.goto("/problems");
  await expect(page).toHaveTitle("Problems of the REST API · Keystead");
  await alive(page);
  await look(page, "problems");
  await page.getByRole("link", { name: "Some answers need a change" }).click();
  await expect(page).toHaveURL(/\/problems\/invalid$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Some answers need a change");
  await expect(page.getByText('"pointer": "#/nodes"')).toBeVisible();
  await look(page, "problem");

  const plain = await visitor({ scripts: false });
  await plain.goto("/problems/precondition-failed");
  await expect(plain.getByRole("heading", { name: "What to do" })).toBeVisible();
  const absent = await plain.goto("/problems/none");
  expect(absent?.status()).toBe(404);
});

test("the reader page shows every operation and asks nobody else", async ({ as, portal }) => {
  const page = await as("member");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("contentinfo").getByRole("link", { name: "REST API" }).click();
  await expect(page).toHaveURL(/\/api\/docs\/$/);
  await expect(page.getByText("/api/v1/requests", { exact: true }).first()).toBeVisible();
  await page.getByText("/api/v1/requests/{id}/approval", { exact: true }).click();
  await expect(page.getByText("Idempotency-Key", { exact: true }).first()).toBeVisible();
  await picture(page, "api-docs");
  const elsewhere = asked.filter((url) => !url.startsWith(portal.url) && !url.startsWith("data:"));
  expect(elsewhere).toEqual([]);
});
