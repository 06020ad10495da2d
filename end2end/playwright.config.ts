// Two workers, each with a browser and a portal of its own; a context of its own for each test. Most of the time a test
// waits for Azure, so that two on two cores each take a little longer and both together much less.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "../target/test/end2end",
  workers: 2,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  retries: 0,
  timeout: 120_000,
  globalTimeout: 28 * 60_000, // below what `cargo xtask test` gives the whole, so that a test that hangs is named
  expect: { timeout: 20_000 },
  reporter: [["list"], ["json", { outputFile: "../target/test/end2end.json" }]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    // A trace of everything costs a seventh of the time; what failed is told with the page as it was, in words and as a picture.
    trace: process.env.KEYSTEAD_TRACE ? "on" : "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
