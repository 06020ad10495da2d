// What one job costs: memory of the portal afterwards, and time beyond what Azure itself takes.

import { readFileSync } from "node:fs";

import { test } from "@playwright/test";

import { finishedJob } from "../keystead/job.ts";
import { measured } from "../keystead/measured.ts";
import { Portal } from "../keystead/portal.ts";

test("portal_rss_mb", async () => {
  const portal = new Portal();
  await portal.start();
  await finishedJob(portal, "measured");
  await new Promise((resolve) => setTimeout(resolve, 10_000)); // the promise is made for a portal at rest
  const status = readFileSync(`/proc/${portal.pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  await portal.stop();
  measured("portal_rss_mb", kilobytes / 1024);
});
