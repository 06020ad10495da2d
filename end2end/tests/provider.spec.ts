// Sign-in at a provider of another make: code and PKCE, roles and groups, rotated keys, clocks that differ, tokens that are
// not meant for us, and an end of the session there too.

import type { Page } from "@playwright/test";

import { Provider } from "../keystead/provider.ts";
import { expect, test } from "../keystead/test.ts";

let provider: Provider;

test.beforeAll(async () => {
  provider = await Provider.start("secret");
});

test.afterAll(async () => {
  await provider.stop();
});

test.afterEach(async () => {
  await provider.twist({});
});

/** To the provider's page, or past it where one is signed in there. */
async function leave(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Continue with partner.example" }).click();
}

async function choose(page: Page, account: string): Promise<void> {
  await leave(page);
  await page.getByRole("button", { name: account, exact: true }).click();
}

/** Not let in, and told why. */
async function refused(page: Page, why: string): Promise<void> {
  await expect(page).toHaveURL(/\/sign-in\?/);
  await expect(page.locator("main")).toContainText("partner.example did not let you in");
  await expect(page.locator("main")).toContainText(why);
  await page.goto("/environments");
  await expect(page).toHaveURL(/\/sign-in\?/);
}

test("with code and PKCE, and the roles and groups of the token", async ({ visitor }) => {
  const page = await visitor({ portal: provider.portal });
  const asked = page.waitForRequest((request) => request.url().startsWith(`${provider.issuer}/auth?`));
  await choose(page, "two");
  const question = new URL((await asked).url()).searchParams;
  expect(question.get("response_type")).toBe("code");
  expect(question.get("code_challenge_method")).toBe("S256");
  for (const name of ["code_challenge", "state", "nonce"]) expect(question.get(name)?.length, name).toBeGreaterThan(15);
  await expect(page).toHaveURL(`${provider.portal.url}/`);
  await page.getByRole("button", { name: "Account: two@partner.example" }).click();
  await expect(page.locator("#account")).toContainText("Team Payments, manager");
});

test("somebody without a role here is told so", async ({ visitor }) => {
  const page = await visitor({ portal: provider.portal });
  await choose(page, "none");
  await refused(page, "none@partner.example has no role in Keystead");
});

test("an answer to another sign-in lets nobody in", async ({ visitor }) => {
  const page = await visitor({ portal: provider.portal });
  await leave(page);
  await page.goto("/sign-in/back?state=guessed&code=guessed");
  await refused(page, "the answer belongs to another sign-in");
  await provider.twist({ set: { nonce: "another" } });
  await choose(page, "one");
  await refused(page, "belongs to another sign-in");
});

test("keys that the provider has changed", async ({ visitor }) => {
  await choose(await visitor({ portal: provider.portal }), "one");
  await provider.rotate();
  const page = await visitor({ portal: provider.portal });
  await choose(page, "one");
  await expect(page).toHaveURL(`${provider.portal.url}/`);
});

test("clocks that differ a little, and too much", async ({ visitor }) => {
  for (const seconds of [200, -3600 - 200]) {
    await provider.twist({ seconds });
    const page = await visitor({ portal: provider.portal });
    await choose(page, "one");
    await expect(page, `${seconds} s`).toHaveURL(`${provider.portal.url}/`);
  }
  for (const seconds of [400, -3600 - 400]) {
    await provider.twist({ seconds });
    const page = await visitor({ portal: provider.portal });
    await choose(page, "one");
    await refused(page, "differ by more than five minutes");
  }
});

test("tokens that are not meant for us", async ({ visitor }) => {
  for (const [set, why] of [
    [{ aud: "another" }, "is for another application"],
    [{ iss: "https://another.example" }, "is of another provider"],
    [{ tid: "tenant-two" }, "is of another directory"],
  ] as const) {
    await provider.twist({ set });
    const page = await visitor({ portal: provider.portal });
    await choose(page, "one");
    await refused(page, why);
  }
});

test("signing out ends the session there too, with scripting off", async ({ visitor }) => {
  const page = await visitor({ portal: provider.portal, scripts: false });
  await choose(page, "one");
  await expect(page).toHaveURL(`${provider.portal.url}/`);
  // Still signed in there: the way leads through without a question.
  await leave(page);
  await expect(page).toHaveURL(`${provider.portal.url}/`);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(new RegExp(`^${provider.issuer}/session/end`));
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(new RegExp(`^${provider.portal.url}/sign-in`));
  await leave(page);
  await expect(page.getByRole("heading", { name: "Choose an account" })).toBeVisible();
});

test("the key of a certificate in place of a secret", async ({ visitor }) => {
  const proving = await Provider.start("certificate");
  try {
    const page = await visitor({ portal: proving.portal });
    await choose(page, "two");
    await expect(page).toHaveURL(`${proving.portal.url}/`);
  } finally {
    await proving.stop();
  }
});
