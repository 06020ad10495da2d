// Azure as any other program sees it: with the exports of `azure-simulator env`, past the portal.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type APIRequestContext, type APIResponse, request } from "@playwright/test";

import { type Portal, program, until } from "./portal.ts";

type Resource = { id: string; name: string; type: string; [more: string]: unknown };

/** The database that the embedded templates bring, with its password. */
export type Database = { server: string; database: string; username: string; password: string };

const ARM = "https://management.azure.com";
const VAULTS = "https://vault.azure.net";

/** Key Vault Secrets User: reads secrets and their versions. */
const SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6";

export class Azure {
  private readonly tokens = new Map<string, string>();

  private constructor(
    readonly subscription: string,
    readonly tenant: string,
    private readonly client: { id: string; secret: string },
    private readonly http: APIRequestContext,
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
    const client = { id: value("AZURE_CLIENT_ID"), secret: value("AZURE_CLIENT_SECRET") };
    return new Azure(value("AZURE_SUBSCRIPTION_ID"), value("AZURE_TENANT_ID"), client, http, told(portal).control);
  }

  /** What the facts file tells of the first database server. */
  static database(portal: Portal): Database {
    const { server, database, username, password_file } = told(portal).database;
    return { server, database, username, password: readFileSync(password_file, "utf8").trim() };
  }

  async get<T = Resource>(path: string, version: string): Promise<T> {
    return this.json<T>("reading", path, await this.http.get(this.url(path, version), { headers: await this.headers(ARM) }));
  }

  /** Writes a document and waits until its operation has ended. */
  async put(path: string, version: string, data: unknown): Promise<void> {
    await this.json("writing", path, await this.http.put(this.url(path, version), { headers: await this.headers(ARM), data }));
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

  /** Assignments of a role on the subscription itself, as they are asked for. */
  async given(role: string): Promise<{ id: string; properties: object }[]> {
    const scope = `/subscriptions/${this.subscription}`;
    type Assignment = { scope: string; roleDefinitionId: string; principalId: string; principalType: string };
    const there = (await this.assignments(scope)).map(({ id, properties }) => ({ id, ...(properties as Assignment) }));
    const wanted = there.filter((one) => one.scope.toLowerCase() === scope.toLowerCase() && one.roleDefinitionId.endsWith(role));
    return wanted.map(({ id, roleDefinitionId, principalId, principalType }) => {
      return { id, properties: { roleDefinitionId, principalId, principalType } };
    });
  }

  /** Deletes what a path names; whether it was there is no matter. */
  async remove(path: string, version: string): Promise<void> {
    const answer = await this.http.delete(this.url(path, version), { headers: await this.headers(ARM) });
    if (!answer.ok()) throw new Error(`deleting ${path}: ${answer.status()} ${await answer.text()}`);
  }

  /** Registers a resource provider and waits until it is. */
  async register(namespace: string): Promise<void> {
    const path = `/subscriptions/${this.subscription}/providers/${namespace}`;
    await this.json("registering", path, await this.http.post(this.url(`${path}/register`, "2021-04-01"), { headers: await this.headers(ARM) }));
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

  /** Takes a vault's name, in a resource group that has nothing to do with Keystead; the vault's id. */
  async takeVaultName(name: string, more: object = {}): Promise<string> {
    const group = `/subscriptions/${this.subscription}/resourceGroups/rg-somebody-else`;
    await this.put(group, "2024-11-01", { location: "northeurope" });
    const properties = { tenantId: this.tenant, sku: { family: "A", name: "standard" }, enableRbacAuthorization: true, ...more };
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/${name}`;
    await this.put(vault, "2026-02-01", { location: "northeurope", properties });
    return vault;
  }

  /** Leaves a deleted vault behind that holds its name, in a resource group that has nothing to do with Keystead. */
  async leaveDeletedVault(name: string, more: object = {}): Promise<void> {
    await this.remove(await this.takeVaultName(name, more), "2026-02-01");
  }

  /** Lets the owner read the secrets of a vault, and waits until the right has arrived there. */
  async mayReadSecrets(vault: string): Promise<void> {
    const roles = `/subscriptions/${this.subscription}/providers/Microsoft.Authorization/roleDefinitions`;
    const properties = {
      roleDefinitionId: `${roles}/${SECRETS_USER}`,
      principalId: await this.objectId(),
      principalType: "ServicePrincipal",
    };
    await this.put(`${vault}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, "2022-04-01", { properties });
    await until("the owner may read secrets", 30_000, async () => (await this.ofVault(vault, "/secrets")).ok());
  }

  /** Ids of a secret's versions. */
  async versions(vault: string, secret: string): Promise<string[]> {
    const answer = await this.ofVault(vault, `/secrets/${secret}/versions`);
    const { value } = await this.json<{ value: { id: string }[] }>("listing versions of", secret, answer);
    return value.map(({ id }) => id.split("/").pop() ?? "");
  }

  /** What a secret holds now. */
  async secret(vault: string, secret: string): Promise<string> {
    const answer = await this.ofVault(vault, `/secrets/${secret}`);
    return (await this.json<{ value: string }>("reading", secret, answer)).value;
  }

  async close(): Promise<void> {
    await this.http.dispose();
  }

  private url(path: string, version: string): string {
    return `${ARM}${path}?api-version=${version}`;
  }

  /** A question to a vault itself, named by its ARM id. */
  private async ofVault(vault: string, path: string): Promise<APIResponse> {
    const url = `https://${vault.split("/").pop()}.vault.azure.net${path}?api-version=2025-07-01`;
    return this.http.get(url, { headers: await this.headers(VAULTS) });
  }

  private async headers(resource: string): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await this.token(resource)}` };
  }

  private async token(resource: string): Promise<string> {
    const known = this.tokens.get(resource);
    if (known) return known;
    const form = {
      grant_type: "client_credentials",
      client_id: this.client.id,
      client_secret: this.client.secret,
      scope: `${resource}/.default`,
    };
    const answer = await this.http.post(`https://login.microsoftonline.com/${this.tenant}/oauth2/v2.0/token`, { form });
    const { access_token } = await this.json<{ access_token: string }>("signing in to", resource, answer);
    this.tokens.set(resource, access_token);
    return access_token;
  }

  /** Who the owner is in the directory. */
  private async objectId(): Promise<string> {
    const claims = Buffer.from((await this.token(ARM)).split(".")[1] ?? "", "base64url").toString();
    return (JSON.parse(claims) as { oid: string }).oid;
  }

  private async json<T>(deed: string, path: string, answer: APIResponse): Promise<T> {
    if (!answer.ok()) throw new Error(`${deed} ${path}: ${answer.status()} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

/** What the simulator's facts file tells. */
type Facts = { control: string; database: Omit<Database, "password"> & { password_file: string } };

function told(portal: Portal): Facts {
  return JSON.parse(readFileSync(join(portal.data, "azure", "portal.json"), "utf8")) as Facts;
}

/** `export NAME='value'` by the line. */
function variables(text: string): Map<string, string> {
  const lines = text.matchAll(/^export (\w+)=(?:'([^']*)'|"([^"]*)"|(\S*))$/gm);
  return new Map([...lines].map(([, name, single, double, bare]) => [name ?? "", single ?? double ?? bare ?? ""]));
}
