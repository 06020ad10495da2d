// The pictures of the README, taken by `cargo xtask pictures`.

import { defineConfig } from "@playwright/test";

import tests from "./playwright.config.ts";

export default defineConfig({
  ...tests,
  testDir: "pictures",
  testMatch: "*.pictures.ts",
  outputDir: "../target/test/pictures-run",
  reporter: [["list"]],
});
