// The measurements of `cargo xtask bench` that need a running portal.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "bench",
  testMatch: "*.bench.ts",
  outputDir: "../target/bench/playwright",
  workers: 1,
  retries: 0,
  timeout: 300_000,
  reporter: [["list"]],
});
