// The door: who comes without a session is asked to sign in, and sample accounts lead in.

import { alive, expect, test } from "../keystead/test.ts";
import { look } from "../keystead/look.ts";

test("whoever comes without a session is asked to sign in", async ({ visitor }) => {
  const page = await visitor();
  await page.goto("/environments");
  await expect(page).toHaveURL(/\/sign-in\?back=/);
  await expect(page).toHaveTitle("Sign in · Keystead");
  await alive(page);
  await look(page, "sign-in");
});

test("a sample account leads in, and out again", async ({ as }) => {
  const page = await as("member");
  await expect(page).toHaveURL(/\/(environments)?$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Environments");
  await alive(page);
});
