// What one job costs: memory of the portal afterwards, and time beyond what Azure itself takes.
//
// job_over_critical_path is the time from the post of the approval to the first page that says "Succeeded", over the
// critical path: the longest chain through the job's own graph of steps, in which a step takes exactly as long as the
// simulator made it wait for something (`GET /waits` of its control routes) and nothing else. Requests, the database,
// looking again, starting the web app's processes and the checks count for nothing in the chain: they are the ratio's
// numerator alone. A wait that no row below knows is an error, so that none can be forgotten.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { session } from "../keystead/door.ts";
import { finishedJob } from "../keystead/job.ts";
import { measured, measurement } from "../keystead/measured.ts";
import type { Portal } from "../keystead/portal.ts";

measurement("portal_rss_mb", async ({ started }) => {
  const portal = await started();
  await finishedJob(portal, "measured");
  await new Promise((resolve) => setTimeout(resolve, 10_000)); // the promise is made for a portal at rest
  const status = readFileSync(`/proc/${portal.pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  measured("portal_rss_mb", kilobytes / 1024);
});

measurement("job_over_critical_path", async ({ started }) => {
  const portal = await started(10);
  const { job, seconds } = await finishedJob(portal, "measured");
  const [steps, waits] = [await stepsOf(portal, job), await waitsOf(portal)];
  const path = criticalPath(steps, waits);
  const chain = path.chain.map(({ step, ms }) => `${step} ${(ms / 1000).toFixed(1)} s`).join(", ");
  console.log(`the job took ${seconds.toFixed(1)} s, its critical path is ${(path.ms / 1000).toFixed(1)} s: ${chain}`);
  measured("job_over_critical_path", (seconds * 1000) / path.ms);
});

type Step = { key: string; needs: string[] };
type Wait = { of: string; why: string; from: string; until: string };

/** Which waits a step has while it is at work itself, all at once: the longest counts. */
const OWN: { step: string; why: string; of: RegExp }[] = [
  { step: "providers", why: "registration", of: /\/providers\/[^/]+$/ },
  { step: "workspace", why: "create", of: /\/workspaces\/[^/]+$/ },
  { step: "vault", why: "create", of: /\/vaults\/[^/]+$/ },
  { step: "cluster", why: "create", of: /\/managedClusters\/[^/]+$/ },
  { step: "insights", why: "update", of: /\/managedClusters\/[^/]+$/ },
  { step: "web-app", why: "image", of: /\/pods\/webapp\// },
  { step: "web-app", why: "address", of: /\/services\/webapp\// },
];

/** Which waits begin when one step has ended and hold up another: of several of a kind the shortest counts. */
const BETWEEN: { after: string; holds: string; until: "begin" | "end"; why: string; of: RegExp }[] = [
  { after: "workspace", holds: "collection-rule", until: "begin", why: "tables", of: /\/workspaces\/[^/]+$/ },
  { after: "portal-vault-role", holds: "secrets", until: "begin", why: "propagation", of: /\/vaults\/.*\/roleAssignments\// },
  { after: "portal-cluster-role", holds: "web-app", until: "begin", why: "propagation", of: /\/managedClusters\/.*\/roleAssignments\// },
  // Pods may start before their own rights have arrived; they are ready only afterwards.
  { after: "app-vault-role", holds: "web-app", until: "end", why: "propagation", of: /\/vaults\/.*\/roleAssignments\// },
  { after: "federated-credential", holds: "web-app", until: "end", why: "propagation", of: /\/federatedIdentityCredentials\// },
];

type Path = { ms: number; chain: { step: string; ms: number }[] };

function criticalPath(steps: Step[], waits: Wait[]): Path {
  const unknown = waits.filter((wait) => ![...OWN, ...BETWEEN].some((row) => matches(row, wait)));
  if (unknown.length > 0) throw new Error(`no step is known to wait for ${JSON.stringify(unknown)}`);
  const known = new Map<string, Path>();
  const of = (key: string): Path => {
    const found = known.get(key);
    if (found) return found;
    const step = steps.find((step) => step.key === key);
    if (!step) throw new Error(`the job has no step ${key}`);
    const held = (until: "begin" | "end"): Path[] =>
      BETWEEN.filter((row) => row.holds === key && row.until === until && steps.some((step) => step.key === row.after))
        .map((row) => ({ ms: Math.min(...waits.filter((wait) => matches(row, wait)).map(length)), row }))
        .filter(({ ms }) => Number.isFinite(ms))
        .map(({ ms, row }) => longer(of(row.after), `${row.why} to ${key}`, ms));
    const begin = longest([...step.needs.map(of), ...held("begin")]);
    const own = OWN.filter((row) => row.step === key).flatMap((row) => waits.filter((wait) => matches(row, wait)).map(length));
    const end = longest([longer(begin, key, Math.max(0, ...own)), ...held("end")]);
    known.set(key, end);
    return end;
  };
  return longest(steps.map(({ key }) => of(key)));
}

function matches(row: { why: string; of: RegExp }, wait: Wait): boolean {
  return row.why === wait.why && row.of.test(wait.of);
}

function length(wait: Wait): number {
  return Date.parse(wait.until) - Date.parse(wait.from);
}

function longer(path: Path, step: string, ms: number): Path {
  return ms > 0 ? { ms: path.ms + ms, chain: [...path.chain, { step, ms }] } : path;
}

function longest(paths: Path[]): Path {
  return paths.reduce((best, path) => (path.ms > best.ms ? path : best), { ms: 0, chain: [] });
}

/** The job's steps, as its page is told them. */
async function stepsOf(portal: Portal, job: string): Promise<Step[]> {
  const member = await session(portal, "member");
  const events = await (await member.get(`${job}/events?after=0`)).text();
  await member.dispose();
  const now = /^event: ?now\ndata: ?(.*)$/m.exec(events)?.[1];
  if (!now) throw new Error(`the job's events tell no state: ${events.slice(0, 400)}`);
  return (JSON.parse(now) as { steps: Step[] }).steps;
}

/** What the simulator made its clients wait for. */
async function waitsOf(portal: Portal): Promise<Wait[]> {
  const told = JSON.parse(readFileSync(join(portal.data, "azure/portal.json"), "utf8")) as { control: string };
  return (await (await fetch(`${told.control}/waits`)).json()) as Wait[];
}
