// Measurements: each has portals of its own, which are stopped however it ends; what was measured goes to
// `cargo xtask bench`, one file a name.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { test } from "@playwright/test";

import { Portal } from "./portal.ts";

type Fixtures = {
  /** Starts a portal on an empty data folder, and with it its simulator at that speed. */
  started: (speed?: number) => Promise<Portal>;
};

export const measurement = test.extend<Fixtures>({
  started: async ({}, use) => {
    const portals: Portal[] = [];
    await use(async (speed) => {
      const portal = new Portal(speed);
      portals.push(portal);
      await portal.start();
      return portal;
    });
    for (const portal of portals) await portal.stop();
  },
});

export function measured(name: string, value: number): void {
  const folder = join(import.meta.dirname, "../../target/bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.value`), `${value}\n`);
}

/** The middle one. */
export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
