// Power is lost in the middle of a job: whoever comes next finishes it, and makes nothing twice.

import { readdirSync, readFileSync } from "node:fs";

import { Azure } from "../keystead/azure.ts";
import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { Portal, until } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

for (const together of [false, true]) {
  const who = together ? "the portal and its simulator are" : "the portal alone is";
  test(`${who} killed in the middle of a job`, async ({ as, watch }) => {
    test.setTimeout(300_000);
    watch.expects(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/); // the pages that were open
    const portal = new Portal(60);
    await portal.start();
    try {
      const member = await as("member", { portal });
      await ask(member, { name: "survivor" });
      const request = new URL(member.url()).pathname;
      await approve(await as("manager", { portal }), request);
      const job = await jobOf(member, request);
      const azure = await Azure.of(portal);
      await until("the cluster is being made", 90_000, async () => (await clusters(azure)).length === 1);
      await azure.close();

      const simulator = processes(portal.data, /azure-simulator\0serve/);
      expect(simulator, "the simulator runs beside the portal").toHaveLength(1);
      await portal.kill();
      if (together) simulator.forEach((pid) => kill(pid));
      await portal.start();

      await member.goto(job);
      await alive(member);
      await jobSays(member, "Succeeded", 200);
      const after = await Azure.of(portal);
      expect(await clusters(after)).toHaveLength(1);
      const resources = (await after.resources()).map(({ type }) => type.toLowerCase());
      expect(resources.filter((type) => type === "microsoft.keyvault/vaults")).toHaveLength(1);
      const group = (await after.resources()).find(({ type }) => /vaults$/i.test(type))?.id.split("/providers/")[0] ?? "";
      const assignments = await after.assignments(group);
      const whats = assignments.map(({ properties }) => JSON.stringify(what(properties)));
      expect(new Set(whats).size, `no assignment twice: ${whats.join("\n")}`).toBe(whats.length);
      await after.close();
    } finally {
      await portal.pause();
    }
    await until("nothing is left behind", 30_000, () => Promise.resolve(processes(portal.data).length === 0));
    await portal.stop();
  });
}

async function clusters(azure: Azure): Promise<unknown[]> {
  const found = await azure.resources();
  return found.filter(({ type }) => type.toLowerCase() === "microsoft.containerservice/managedclusters");
}

/** Who may do what where. */
function what(properties: unknown): unknown {
  const { scope, principalId, roleDefinitionId } = properties as Record<string, string>;
  return [scope?.toLowerCase(), principalId, roleDefinitionId?.split("/").pop()];
}

/** Every process whose command line or environment names this data folder, and whose command line is like this. */
function processes(data: string, like = /./): number[] {
  const told = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return ""; // it has ended meanwhile
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => like.test(told(pid, "cmdline")) && (told(pid, "cmdline") + told(pid, "environ")).includes(data))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // its parent took it along
  }
}
