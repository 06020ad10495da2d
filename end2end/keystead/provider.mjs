// An OpenID Connect provider of another make, on npm's `oidc-provider`: people choose an account, their roles and groups
// are claims. What a test wants to go wrong is told under /control.

import { createServer } from "node:http";

import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import Provider from "oidc-provider";

/** `{ client, accounts }`: the one client as oidc-provider takes it, and claims by account. */
const { client, accounts } = JSON.parse(process.argv[2]);

let issuer, provider, signing;
/** What is otherwise in the next id tokens: claims that are set, seconds by which all times are moved. */
let twist = {};

async function begin() {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = crypto.randomUUID();
  signing = { kid, privateKey };
  provider = new Provider(issuer, {
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, use: "sig", alg: "RS256" }] },
    scopes: ["openid", "profile", "email"],
    claims: { openid: ["sub"], profile: ["preferred_username", "roles", "groups", "tid"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of this process alone"] },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource },
    },
    findAccount: (_, id) => accounts[id] && { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  });
  provider.use(twisted);
}

/** The id token of an answer, signed anew with what is to be wrong in it. */
async function twisted(ctx, next) {
  await next();
  const token = ctx.body?.id_token;
  if (ctx.oidc?.route !== "token" || !token || Object.keys(twist).length === 0) return;
  const claims = { ...decodeJwt(token), ...twist.set };
  for (const time of ["iat", "exp", "nbf"]) {
    if (claims[time]) claims[time] += twist.seconds ?? 0;
  }
  const signed = new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: signing.kid });
  ctx.body = { ...ctx.body, id_token: await signed.sign(signing.privateKey) };
}

async function logoutSource(ctx, form) {
  ctx.body = page(`<h1>Sign out?</h1>${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
}

function page(inside) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Provider</title><link rel="icon" href="data:,"><body><main>${inside}</main></body></html>`;
}

async function interaction(request, answer) {
  const { uid } = await provider.interactionDetails(request, answer);
  if (request.method === "POST") {
    const accountId = new URLSearchParams(await read(request)).get("account") ?? "";
    await provider.interactionFinished(request, answer, { login: { accountId } }, { mergeWithLastSubmission: false });
    return;
  }
  const buttons = Object.keys(accounts).map((account) => `<button name="account" value="${account}">${account}</button>`);
  answer.setHeader("content-type", "text/html; charset=utf-8");
  answer.end(page(`<h1>Choose an account</h1><form method="post" action="/interaction/${uid}">${buttons.join(" ")}</form>`));
}

async function control(path, request, answer) {
  if (path === "/control/twist") twist = JSON.parse(await read(request));
  if (path === "/control/rotate") await begin();
  answer.end("{}");
}

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

const server = createServer((request, answer) => {
  const path = new URL(request.url, issuer).pathname;
  const answered = path.startsWith("/control/")
    ? control(path, request, answer)
    : path.startsWith("/interaction/")
      ? interaction(request, answer)
      : provider.callback()(request, answer);
  Promise.resolve(answered).catch((error) => {
    console.error(error);
    answer.statusCode = 500;
    answer.end(String(error));
  });
});
server.listen(0, "127.0.0.1", async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  await begin();
  console.log(`ready ${JSON.stringify({ issuer })}`);
});
