// What a finished environment has to show: checks that passed, and a web app that answers.

import { expect, type Page } from "@playwright/test";

/** There are checks, and each says that it passed. Azure shows first records of an inventory late: what could not be told
 * yet is asked again by hand; what failed is never asked twice. */
export async function everyCheckPassed(page: Page): Promise<void> {
  const verdicts = page.locator(".checks details > summary");
  await expect(async () => {
    expect(await verdicts.count()).toBeGreaterThanOrEqual(8);
    const failed = verdicts.filter({ hasText: "Failed" });
    if ((await failed.count()) > 0) throw new Error((await failed.allInnerTexts()).join("\n"));
    if ((await verdicts.filter({ hasText: "Could not tell" }).count()) > 0) {
      await page.getByRole("button", { name: "Validate now" }).click();
      await page.waitForTimeout(1000); // the checks take their time; the page is asked again
      await page.reload();
    }
    expect(await verdicts.count()).toBe(await verdicts.filter({ hasText: "Passed" }).count());
  }).toPass({ timeout: 90_000 });
}

/** The page of the deployed web app, through its own address. */
export async function opensWebApp(page: Page): Promise<void> {
  const address = await page.getByRole("link", { name: "Open web app" }).getAttribute("href");
  expect(address).toMatch(/^http:\/\/127\./);
  const app = await page.context().newPage();
  const answer = await app.goto(address ?? "");
  expect(answer?.status()).toBe(200);
  await expect(app.getByRole("heading", { level: 1 })).toBeVisible();
  await app.close();
}
