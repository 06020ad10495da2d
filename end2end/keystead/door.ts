// Signs in without a browser: the posts and redirects that one would make.

import { type APIRequestContext, request } from "@playwright/test";

import type { Portal } from "./portal.ts";

/** A session of an account, as requests that carry its cookie. */
export async function session(portal: Portal, account: string): Promise<APIRequestContext> {
  const http = await request.newContext({ baseURL: portal.url });
  const name = `${account}@contoso.example`;
  const origin = { origin: portal.url };
  let answer = await http.post("/sign-in", { form: { account: name, back: "/environments" }, headers: origin });
  if (new URL(answer.url()).origin !== portal.url) {
    const page = await answer.text();
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
    const form = Object.fromEntries(hidden.map(([, field, value]) => [field ?? "", unescaped(value ?? "")]));
    const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1];
    if (!action) throw new Error(`the directory's page has no form: ${page}`);
    answer = await http.post(new URL(unescaped(action), answer.url()).href, { form: { ...form, account: name } });
  }
  if (!answer.ok() || !answer.url().startsWith(`${portal.url}/`) || answer.url().includes("/sign-in")) {
    throw new Error(`signing in as ${account} led to ${answer.url()} (${answer.status()})`);
  }
  return http;
}

function unescaped(text: string): string {
  const signs: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'" };
  return text.replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (sign) => signs[sign] ?? sign);
}
