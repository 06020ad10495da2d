// Runs the built portal, as a person would: the program itself, a fresh data folder, its own simulator.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A portal that serves; `speed` is how many times shorter than Azure's its simulator's waits are. */
export class Portal {
  readonly data: string;
  url = "";
  private child: ChildProcess | undefined;
  private said = "";

  constructor(
    private readonly speed = 200,
    private readonly settings: Record<string, string> = {},
  ) {
    this.data = mkdtempSync(join(tmpdir(), "keystead-end2end-"));
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts the portal on its data folder and waits until it serves. */
  async start(): Promise<void> {
    const state = join(this.data, "azure");
    const image = `registry.contoso.example/webapp:1.0.0=${program("webapp")}`;
    const simulator = ["azure-simulator", "serve", "--state", state, "--speed", String(this.speed), "--image", image];
    const child = spawn(program("keystead"), [], {
      cwd: this.data,
      env: {
        ...process.env,
        KEYSTEAD__DATA: this.data,
        KEYSTEAD__LISTEN: this.url ? new URL(this.url).host : "127.0.0.1:0",
        KEYSTEAD__AZURE__COMMAND: JSON.stringify(simulator),
        // Everybody comes from one address, and a measurement asks as often as it can.
        KEYSTEAD__LIMITS__PERSON_A_MINUTE: "0",
        KEYSTEAD__LIMITS__STRANGER_A_MINUTE: "0",
        KEYSTEAD__LIMITS__SIGN_IN_A_MINUTE: "0",
        ...this.settings,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.said += text));
    }
    await until("the portal serves", 60_000, () => {
      if (child.exitCode !== null) throw new Error(`the portal ended:\n${this.said}`);
      const found = /serving at (http:\/\/[^\s]+)/.exec(this.said);
      if (found) this.url = found[1] ?? "";
      return Promise.resolve(found !== null);
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${this.said}`);
    });
  }

  /** Ends it in order, and with it its simulator. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends it in order, and keeps its data for the next start. */
  async pause(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** As a machine that loses power: nothing is told to anybody. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(late);
  }
}

/** A program that `cargo xtask` has built. */
export function program(name: string): string {
  const folder = process.env.KEYSTEAD_PROGRAMS;
  if (!folder) throw new Error("KEYSTEAD_PROGRAMS names no folder; the tests are started by `cargo xtask test`");
  return join(folder, name);
}

/** Asks again until it is so. */
export async function until(what: string, milliseconds: number, so: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`waited ${milliseconds / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
