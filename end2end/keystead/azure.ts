// Azure as any other program sees it: with the exports of `azure-simulator env`, past the portal.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type APIRequestContext, type APIResponse, request } from "@playwright/test";

import { type Portal, program, until } from "./portal.ts";

type Resource = { id: string; name: string; type: string; [more: string]: unknown };

export class Azure {
  private constructor(
    readonly subscription: string,
    readonly tenant: string,
    private readonly http: APIRequestContext,
    private readonly bearer: string,
    private readonly controls: string,
  ) {}

  /** Signed in as the service principal that owns the subscription. */
  static async of(portal: Portal): Promise<Azure> {
    const exports = variables(execFileSync(program("azure-simulator"), ["env", "--state", join(portal.data, "azure")]).toString());
    const value = (name: string): string => {
      const found = exports.get(name);
      if (!found) throw new Error(`azure-simulator env exports no ${name}`);
      return found;
    };
    const http = await request.newContext({ proxy: { server: value("HTTPS_PROXY") }, ignoreHTTPSErrors: true });
    const answer = await http.post(`https://login.microsoftonline.com/${value("AZURE_TENANT_ID")}/oauth2/v2.0/token`, {
      form: {
        grant_type: "client_credentials",
        client_id: value("AZURE_CLIENT_ID"),
        client_secret: value("AZURE_CLIENT_SECRET"),
        scope: "https://management.azure.com/.default",
      },
    });
    if (!answer.ok()) throw new Error(`signing in to Azure: ${answer.status()} ${await answer.text()}`);
    const { access_token } = (await answer.json()) as { access_token: string };
    const told = JSON.parse(readFileSync(join(portal.data, "azure", "portal.json"), "utf8")) as { control: string };
    return new Azure(value("AZURE_SUBSCRIPTION_ID"), value("AZURE_TENANT_ID"), http, access_token, told.control);
  }

  async get<T = Resource>(path: string, version: string): Promise<T> {
    return this.json<T>("reading", path, await this.http.get(this.url(path, version), { headers: this.headers() }));
  }

  /** Writes a document and waits until its operation has ended. */
  async put(path: string, version: string, data: unknown): Promise<void> {
    await this.json("writing", path, await this.http.put(this.url(path, version), { headers: this.headers(), data }));
    for (;;) {
      const { properties } = await this.get<{ properties?: { provisioningState?: string } }>(path, version);
      const state = properties?.provisioningState ?? "Succeeded";
      if (state === "Succeeded") return;
      if (state === "Failed") throw new Error(`writing ${path} failed`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Everything that lies in the subscription, or in one of its groups. */
  async resources(group?: string): Promise<Resource[]> {
    const scope = group ? `/resourceGroups/${group}` : "";
    const found = await this.get<{ value: Resource[] }>(`/subscriptions/${this.subscription}${scope}/resources`, "2021-04-01");
    return found.value;
  }

  /** The role assignments at and below a scope. */
  async assignments(scope: string): Promise<Resource[]> {
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments`;
    return (await this.get<{ value: Resource[] }>(path, "2022-04-01")).value;
  }

  /** Deletes what a path names; whether it was there is no matter. */
  async remove(path: string, version: string): Promise<void> {
    const answer = await this.http.delete(this.url(path, version), { headers: this.headers() });
    if (!answer.ok()) throw new Error(`deleting ${path}: ${answer.status()} ${await answer.text()}`);
  }

  /** Registers a resource provider and waits until it is. */
  async register(namespace: string): Promise<void> {
    const path = `/subscriptions/${this.subscription}/providers/${namespace}`;
    await this.json("registering", path, await this.http.post(this.url(`${path}/register`, "2021-04-01"), { headers: this.headers() }));
    await until(`${namespace} is registered`, 60_000, async () => {
      const { registrationState } = await this.get<{ registrationState: string }>(path, "2021-04-01");
      return registrationState === "Registered";
    });
  }

  /** Changes what this Azure is like: a route of the simulator's own. */
  async control(path: string, data: unknown): Promise<void> {
    const answer = await fetch(new URL(path, this.controls), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(data),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  async close(): Promise<void> {
    await this.http.dispose();
  }

  private url(path: string, version: string): string {
    return `https://management.azure.com${path}?api-version=${version}`;
  }

  private headers(): Record<string, string> {
    return { authorization: `Bearer ${this.bearer}` };
  }

  private async json<T>(deed: string, path: string, answer: APIResponse): Promise<T> {
    if (!answer.ok()) throw new Error(`${deed} ${path}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

/** `export NAME='value'` by the line. */
function variables(text: string): Map<string, string> {
  const lines = text.matchAll(/^export (\w+)=(?:'([^']*)'|"([^"]*)"|(\S*))$/gm);
  return new Map([...lines].map(([, name, single, double, bare]) => [name ?? "", single ?? double ?? bare ?? ""]));
}
