// What every test starts from: one portal for all, a browser context for each person, and no complaint at the end.

import { type Browser, test as base, expect, type Page } from "@playwright/test";

import { Portal } from "./portal.ts";
import { Watch } from "./watch.ts";

export { expect } from "@playwright/test";

/** An account of the sample directory, without its domain. */
export type Account =
  | "member"
  | "third-member"
  | "manager"
  | "second-member"
  | "second-manager"
  | "platform-engineer"
  | "auditor";

/** `motion`: with the movement between pages, which costs a browser without a graphics card more than the pages themselves. */
type Visit = { portal?: Portal; scripts?: boolean; motion?: boolean };

type Fixtures = {
  /** What browsers complained of; the test fails where it did not expect it. */
  watch: Watch;
  /** A page in a context of its own, signed in to the shared portal or the one named. */
  as: (account: Account, visit?: Visit) => Promise<Page>;
  /** A page in a context of its own, signed in nowhere. */
  visitor: (visit?: Visit) => Promise<Page>;
};

export const test = base.extend<Fixtures, { portal: Portal }>({
  portal: [
    async ({}, use) => {
      const portal = new Portal();
      await portal.start();
      await use(portal);
      await portal.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],

  watch: [
    async ({}, use) => {
      const watch = new Watch();
      await use(watch);
      expect(watch.unexpected(), "what browsers complained of").toEqual([]);
    },
    { auto: true },
  ],

  visitor: async ({ browser, portal, watch }, use) => {
    const open: Page[] = [];
    await use(async (visit = {}) => {
      const page = await visitor(browser, watch, { portal, scripts: true, motion: false, ...visit });
      open.push(page);
      return page;
    });
    await Promise.all(open.map((page) => page.context().close()));
  },

  as: async ({ visitor }, use) => {
    await use(async (account, visit = {}) => {
      const page = await visitor(visit);
      await signIn(page, account);
      return page;
    });
  },
});

async function visitor(browser: Browser, watch: Watch, visit: Required<Visit>): Promise<Page> {
  const context = await browser.newContext({
    baseURL: visit.portal.url,
    javaScriptEnabled: visit.scripts,
    reducedMotion: visit.motion ? "no-preference" : "reduce",
  });
  watch.over(context);
  const page = await context.newPage();
  return visit.scripts ? page : goingOn(page);
}

/** Goes where it is sent also in the moment in which a page without scripts loads itself anew and ends the way there. */
function goingOn(page: Page): Page {
  const go = page.goto.bind(page);
  page.goto = async (url, options) => {
    for (let left = 3; ; left--) {
      try {
        return await go(url, options);
      } catch (error) {
        if (left === 0 || !/ERR_ABORTED|interrupted by another navigation/.test(String(error))) throw error;
      }
    }
  };
  return page;
}

/** Through the portal's door and the directory's own page, until the portal shows its pages. */
async function signIn(page: Page, account: Account): Promise<void> {
  await page.goto("/sign-in");
  const portal = new URL(page.url()).origin;
  const choice = page.locator(`button[name="account"][value="${account}@contoso.example"]`);
  await choice.click();
  if (new URL(page.url()).origin !== portal) await choice.click();
  await page.waitForURL((url) => url.origin === portal && !url.pathname.startsWith("/sign-in"));
}

/** Waits until the script has taken the page over, so that what follows is live. */
export async function alive(page: Page): Promise<void> {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}
