// How many environments pages the portal renders, with many environments and many connections.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { finishedJob } from "../keystead/job.ts";
import { session } from "../keystead/door.ts";
import { measured, measurement } from "../keystead/measured.ts";

const ENVIRONMENTS = 10_000;
const CONNECTIONS = 64;

measurement("environments_page_per_second environments_page_p99_ms", async ({ started }) => {
  const portal = await started();
  await finishedJob(portal, "original");
  await portal.pause();
  run("KEYSTEAD_SEED", [join(portal.data, "keystead.db"), String(ENVIRONMENTS)]);
  await portal.start();

  const member = await session(portal, "platform-engineer");
  const page = await (await member.get("/environments")).text();
  const rows = page.match(/href="\/environments\/copy-\d+"/g)?.length ?? 0;
  if (rows < 50) throw new Error(`the page shows ${rows} of the copies, not 50`);
  const { cookies } = await member.storageState();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const load = (seconds: number): Load =>
    JSON.parse(
      run("KEYSTEAD_OHA", [
        ...["-z", `${seconds}s`, "-w", "-c", String(CONNECTIONS), "--no-tui", "--output-format", "json"],
        ...["--disable-compression", "-H", `cookie: ${cookie}`, `${portal.url}/environments`],
      ]),
    ) as Load;
  load(3);
  const told = load(15);
  if (Object.keys(told.statusCodeDistribution).join() !== "200" || Object.keys(told.errorDistribution).length > 0) {
    throw new Error(`answers: ${JSON.stringify(told.statusCodeDistribution)} ${JSON.stringify(told.errorDistribution)}`);
  }
  measured("environments_page_per_second", told.summary.requestsPerSec);
  measured("environments_page_p99_ms", told.latencyPercentiles.p99 * 1000);
});

type Load = {
  summary: { requestsPerSec: number };
  latencyPercentiles: { p99: number };
  statusCodeDistribution: Record<string, number>;
  errorDistribution: Record<string, number>;
};

function run(variable: string, options: string[]): string {
  const program = process.env[variable];
  if (!program) throw new Error(`${variable} names no program; measurements are started by \`cargo xtask bench\``);
  return execFileSync(program, options, { maxBuffer: 1 << 28 }).toString();
}
