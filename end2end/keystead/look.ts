// Looks at a page as people do: wide and narrow, by day and by night; and as axe does.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const WIDTHS = [1280, 390];
const SCHEMES = ["light", "dark"] as const;
/** What another scheme can change of a page that axe has read already. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

/** In each width and scheme: axe finds nothing, nothing scrolls sideways, and a picture is kept. */
export async function look(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // No page holds frames of others, so axe need not open a page of its own to put their findings together.
      const axe = new AxeBuilder({ page }).setLegacyMode();
      const found = await (colorScheme === SCHEMES[0] ? axe : axe.withRules(OF_COLOURS)).analyze();
      const violations = found.violations.map(
        ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`,
      );
      expect(violations, `axe on ${name} at ${width}, ${colorScheme}`).toEqual([]);
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overhang, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
      await picture(page, `${name}-${width}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

/** A picture of the whole page in `target/test/pictures`. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, "../../target/test/pictures");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: "disabled" });
}
