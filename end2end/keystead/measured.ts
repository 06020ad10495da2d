// Hands what was measured to `cargo xtask bench`, one file a name.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function measured(name: string, value: number): void {
  const folder = join(import.meta.dirname, "../../target/bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.value`), `${value}\n`);
}

/** The middle one. */
export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
