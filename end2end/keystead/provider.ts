// The independent provider as a program beside the portal, and a portal that signs people in at it.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Portal, until } from "./portal.ts";

const CLIENT = "keystead";
const SECRET = "shared-with-the-provider-alone";
export const TENANT = "tenant-one";

/** How the portal proves itself to the provider. */
export type Proof = "secret" | "certificate";

export class Provider {
  private constructor(
    readonly issuer: string,
    readonly portal: Portal,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Both started, each knowing the other. */
  static async start(proof: Proof, settings: Record<string, string> = {}): Promise<Provider> {
    const folder = mkdtempSync(join(tmpdir(), "keystead-provider-"));
    const address = `http://127.0.0.1:${await freePort()}`;
    const shown = proof === "secret" ? bySecret() : byCertificate(folder);
    const client = {
      client_id: CLIENT,
      redirect_uris: [`${address}/sign-in/back`],
      post_logout_redirect_uris: [`${address}/sign-in`],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      ...shown.client,
    };
    const person = (account: string, role: string, group: string) => ({
      preferred_username: account,
      email: account,
      roles: [role],
      groups: [group],
      tid: TENANT,
    });
    const payments = "group-of-payments";
    const accounts = {
      one: person("one@partner.example", "member", payments),
      two: person("two@partner.example", "manager", payments),
      none: person("none@partner.example", "visitor", payments),
    };
    const program = join(import.meta.dirname, "provider.mjs");
    const child = spawn(process.execPath, [program, JSON.stringify({ client, accounts })], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    let issuer = "";
    await until("the provider is there", 20_000, () => {
      if (child.exitCode !== null) throw new Error(`the provider ended:\n${said}`);
      issuer = /ready \{"issuer":"([^"]+)"\}/.exec(said)?.[1] ?? "";
      return Promise.resolve(issuer !== "");
    });
    const portal = new Portal(200, {
      KEYSTEAD__LISTEN: new URL(address).host,
      KEYSTEAD__SIGN_IN__ISSUER: issuer,
      KEYSTEAD__SIGN_IN__CLIENT_ID: CLIENT,
      KEYSTEAD__SIGN_IN__TITLE: "partner.example",
      KEYSTEAD__SIGN_IN__SAMPLES: "[]",
      KEYSTEAD__SIGN_IN__TENANT_ID: TENANT,
      KEYSTEAD__TEAMS: `[{name="payments", title="Payments", group="${payments}"}]`,
      ...shown.settings,
      ...settings,
    });
    await portal.start();
    return new Provider(issuer, portal, child, folder);
  }

  /** What is wrong with the id tokens from now on; nothing, where nothing is named. */
  async twist(how: { set?: Record<string, unknown>; seconds?: number }): Promise<void> {
    await this.control("twist", how);
  }

  /** Other keys from now on; those before are gone. */
  async rotate(): Promise<void> {
    await this.control("rotate", {});
  }

  async stop(): Promise<void> {
    await this.portal.stop();
    this.child.kill("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async control(what: string, data: unknown): Promise<void> {
    const answer = await fetch(`${this.issuer}/control/${what}`, { method: "POST", body: JSON.stringify(data) });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
  }
}

function bySecret(): { client: object; settings: Record<string, string> } {
  return {
    client: { client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic" },
    settings: { KEYSTEAD__SIGN_IN__CLIENT_SECRET: SECRET },
  };
}

/** A certificate of our own with its key; the provider is told the public key under the certificate's fingerprint. */
function byCertificate(folder: string): { client: object; settings: Record<string, string> } {
  const [key, certificate, both] = ["key.pem", "certificate.pem", "both.pem"].map((name) => join(folder, name));
  if (!key || !certificate || !both) throw new Error("no folder");
  const subject = ["-subj", "/CN=keystead", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject], { stdio: "ignore" });
  const pem = readFileSync(certificate);
  writeFileSync(both, Buffer.concat([readFileSync(key), pem]));
  const kid = createHash("sha256").update(new X509Certificate(pem).raw).digest("base64url");
  const jwk = createPublicKey(createPrivateKey(readFileSync(key))).export({ format: "jwk" });
  return {
    client: {
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "PS256",
      jwks: { keys: [{ ...jwk, kid, use: "sig", alg: "PS256" }] },
    },
    settings: { KEYSTEAD__SIGN_IN__CLIENT_SECRET: '""', KEYSTEAD__SIGN_IN__CLIENT_CERTIFICATE: both },
  };
}

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
