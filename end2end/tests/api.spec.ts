// For authors of programs: what an error means can be read by anybody, the reader page brings all that it needs, and a
// question under a key happens once.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";

import { look, picture } from "../keystead/look.ts";
import { Portal, program } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

test("what an error means can be read without a session, and without scripting", async ({ portal, visitor }) => {
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
  const absent = await plain.request.get(`${portal.url}/problems/none`);
  expect(absent.status()).toBe(404);
});

test("the reader page shows every operation and asks nobody else", async ({ as, portal }) => {
  const page = await as("member");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("contentinfo").getByRole("link", { name: "REST API" }).click();
  await expect(page).toHaveURL(/\/api\/docs\/$/);
  const operation = (path: string) => page.locator(`[data-path="${path}"]`).first();
  await expect(operation("/api/v1/requests")).toBeVisible();
  await operation("/api/v1/requests/{id}/approval").click();
  await expect(page.getByText("Idempotency-Key", { exact: true }).first()).toBeVisible();
  await picture(page, "api-docs");
  const elsewhere = asked.filter((url) => !url.startsWith(portal.url) && !url.startsWith("data:"));
  expect(elsewhere).toEqual([]);
});

test("a question under a key happens once, wherever the server is killed", async ({ as }) => {
  test.setTimeout(240_000);
  const portal = new Portal();
  await portal.start();
  try {
    await as("member", { portal });
    const made = ["token", "create", "--for", "member@contoso.example", "--expires", "1h"];
    const token = execFileSync(program("keystead"), made, { env: { ...process.env, KEYSTEAD__DATA: portal.data } });
    const post = (path: string, key: string, body: object): Promise<Response> =>
      fetch(`${portal.url}${path}`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${token.toString().trim()}`,
          "Content-Type": "application/json",
          "Idempotency-Key": key,
          "If-Match": "*",
        },
        body: JSON.stringify(body),
      });
    const wish = { team: "payments", region: "westeurope", template: "web-app-one-node" };
    const whole = await timed(() => post("/api/v1/requests", randomUUID(), { ...wish, name: "unhurried" }));
    expect(whole.answer.status).toBe(201);
    // The further on in its answer, the later it is killed; the last one is killed after it.
    for (let part = 0; part <= 6; part++) {
      const [key, name] = [randomUUID(), `killed-${part}`];
      const first = post("/api/v1/requests", key, { ...wish, name }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, (whole.took * part) / 5));
      await portal.kill();
      const heard = await first.then((answer) => answer?.json()).catch(() => undefined);
      await portal.start();
      const repeat = await post("/api/v1/requests", key, { ...wish, name });
      const told = await repeat.json();
      expect(repeat.status, `${name}: ${JSON.stringify(told)}`).toBe(201);
      if (heard) expect(told.row.id).toBe(heard.row.id);
      const again = await post("/api/v1/requests", key, { ...wish, name });
      expect(await again.json()).toEqual(told);
    }
  } finally {
    await portal.stop();
  }
});

async function timed<T>(deed: () => Promise<T>): Promise<{ answer: T; took: number }> {
  const begun = Date.now();
  const answer = await deed();
  return { answer, took: Date.now() - begun };
}
