// One environment from request to proof, without a browser.

import { session } from "./door.ts";
import { type Portal, until } from "./portal.ts";

export type Finished = { request: string; job: string; seconds: number };

/** Asks as the member, approves as the manager, and waits until the job has succeeded. */
export async function finishedJob(portal: Portal, name: string): Promise<Finished> {
  const headers = { origin: portal.url };
  const member = await session(portal, "member");
  const form = { name, team: "payments", region: "westeurope", template: "web-app-one-node", reason: "Measured" };
  const asked = await member.post("/environments/new", { form, headers });
  const request = new URL(asked.url()).pathname;
  if (!asked.ok() || !request.startsWith("/requests/")) throw new Error(`asking led to ${asked.url()} (${asked.status()})`);

  const manager = await session(portal, "manager");
  const digest = /name="digest" value="([^"]*)"/.exec(await (await manager.get(request)).text())?.[1] ?? "";
  const begun = performance.now();
  const decided = await manager.post(`${request}/decision`, { form: { decision: "approve", comment: "", digest }, headers });
  const job = new URL(decided.url()).pathname;
  if (!decided.ok() || !job.startsWith("/jobs/")) throw new Error(`approving led to ${decided.url()} (${decided.status()})`);
  await until("the job has ended", 240_000, async () => {
    const page = await (await member.get(job)).text();
    const title = /<h1>.*?<\/h1>/s.exec(page)?.[0] ?? "";
    if (/Failed|Stopped|Needs a person/.test(title)) throw new Error(`the job did not succeed: ${title}`);
    return title.includes("Succeeded");
  });
  const seconds = (performance.now() - begun) / 1000;
  await Promise.all([member.dispose(), manager.dispose()]);
  return { request, job, seconds };
}
