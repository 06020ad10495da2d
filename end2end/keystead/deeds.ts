// What people do in Keystead, in their own words, with scripts or without.

import { expect, type Page } from "@playwright/test";

import { alive } from "./test.ts";

export type Answers = Record<string, string> & { name: string };

/** Fills the form and sends it for approval; ends on the request's page. */
export async function ask(page: Page, answers: Answers, scripts = true): Promise<void> {
  await page.goto("/environments/new");
  if (scripts) await alive(page);
  await fill(page, { region: "westeurope", template: "web-app-one-node", ...answers });
  await send(page);
  await expect(page).toHaveURL(/\/requests\/[\w-]+$/);
  if (scripts) await alive(page);
}

/** Gives answers in the form, opening the sections that hold them. */
export async function fill(page: Page, answers: Record<string, string>): Promise<void> {
  for (const [field, answer] of Object.entries(answers)) {
    const controls = page.locator(`#ask [name="${field}"]`);
    const section = page.locator(`#ask details:has([name="${field}"])`);
    if ((await section.count()) > 0 && !(await section.first().evaluate((one: HTMLDetailsElement) => one.open))) {
      await section.first().locator("summary").first().click();
    }
    const kind = await controls.first().evaluate((one) => (one as HTMLInputElement).type);
    if (kind === "radio") await page.locator(`#ask [name="${field}"][value="${answer}"]`).check();
    else if (kind === "select-one") await controls.first().selectOption(answer);
    else await controls.first().fill(answer);
  }
}

/** Sends the form, wherever it leads. */
export async function send(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Send for approval" }).first().click();
}

/** As somebody who may decide: opens the request and approves it, which leads to the job. */
export async function approve(page: Page, request: string, scripts = true): Promise<void> {
  await page.goto(request);
  if (scripts) await alive(page);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/[\w-]+$/);
}

/** The address of the job that an approval began, read from the request's page. */
export async function jobOf(page: Page, request: string): Promise<string> {
  await page.goto(request);
  const link = page.locator('main a[href^="/jobs/"]').first();
  const href = await link.getAttribute("href");
  expect(href, "the request links to its job").toBeTruthy();
  return href ?? "";
}

/** From the request that this page shows to the end of the job: another one approves, this one watches. */
export async function carriedOut(page: Page, approver: Page): Promise<void> {
  await expect(page).toHaveURL(/\/requests\/[\w-]+$/);
  const request = new URL(page.url()).pathname;
  await approve(approver, request);
  await page.goto(await jobOf(page, request));
  await alive(page);
  await jobSays(page, "Succeeded", 200);
}

/** Waits on the job's page, which is never loaded again, until it says this; where it ends otherwise, tells how. */
export async function jobSays(page: Page, word: string, seconds = 90): Promise<void> {
  const state = page.getByRole("heading", { level: 1 }).getByRole("status");
  const last = new RegExp(`${word}|Succeeded|Needs a person|Cancelled|Rolled back`);
  await expect(state).toHaveText(last, { timeout: seconds * 1000 });
  if (!(await state.innerText()).includes(word)) throw new Error(await page.locator("main").innerText());
}
