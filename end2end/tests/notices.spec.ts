// Notices: a mail leads to the page to decide on, nothing is decided by opening it, and everybody chooses what is mailed.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";

import { ask } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal, until } from "../keystead/portal.ts";
import { PASSWORD, Postbox } from "../keystead/postbox.ts";
import { alive, expect, test } from "../keystead/test.ts";

const SECRET = "c2l4LWFuZC10aGlydHktYnl0ZXMtb2Ytc2VjcmV0";

/** A program that is told: keeps what is well signed, and wants nothing at `/gone`. */
async function receiver() {
  const events: { type: string; data: { environment: string; link: string } }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const head = (name: string) => String(request.headers[name]);
      const signed = `${head("webhook-id")}.${head("webhook-timestamp")}.${body}`;
      const signature = createHmac("sha256", Buffer.from(SECRET, "base64")).update(signed).digest("base64");
      const known = head("webhook-signature") === `v1,${signature}`;
      if (known && request.url !== "/gone") events.push(JSON.parse(body));
      response.writeHead(request.url === "/gone" ? 410 : known ? 204 : 401).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const hook = (name: string) =>
    `{name="${name}",url="http://127.0.0.1:${port}/${name}",secret="whsec_${SECRET}",allow_inside=true,events=["request.waits"]}`;
  return { events, server, settings: { KEYSTEAD__WEBHOOKS: `[${hook("chat")},${hook("gone")}]` } };
}

test("the approver's mail leads to the page to decide on, and decides nothing by itself", async ({ as, visitor }) => {
  test.setTimeout(240_000);
  const [postbox, hooks] = [new Postbox(), await receiver()];
  await postbox.start();
  postbox.refusals.push(451);
  const portal = new Portal(200, { ...postbox.settings(), ...hooks.settings });
  await portal.start();
  try {
    const member = await as("member", { portal });
    await ask(member, { name: "by-mail", reason: "The sale begins on Friday" });
    const request = new URL(member.url()).pathname;

    // The manager has never signed in here. The first try was refused for the moment.
    const mail = await postbox.mail("manager", "Create by-mail waits");
    const words = mail.text ?? "";
    expect(words.match(/https?:\/\/\S+/g), "one link").toEqual([`${portal.url}${request}`]);
    for (const said of ["Environment: by-mail", "Team: Payments", "a month", "> The sale begins on Friday"]) {
      expect(words).toContain(said);
    }
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(words).not.toContain(PASSWORD);

    const phone = await visitor({ portal });
    await phone.setViewportSize({ width: 390, height: 844 });
    await phone.goto(`${portal.url}${request}`);
    await expect(phone).toHaveURL(/\/sign-in\?back=/);
    const choice = phone.locator('button[name="account"][value="manager@contoso.example"]');
    await choice.click();
    if (new URL(phone.url()).origin !== portal.url) await choice.click();
    await phone.waitForURL(`${portal.url}${request}`);
    await expect(phone.getByRole("heading", { level: 1 })).toContainText("Waits for you");
    await member.goto(request);
    await expect(member.getByRole("heading", { level: 1 }), "nothing was decided").toContainText("Waits for approval");

    await phone.getByRole("button", { name: "Account: manager@contoso.example" }).click();
    await phone.getByRole("link", { name: "What I am told" }).click();
    await expect(phone.getByRole("link", { name: "Create by-mail waits for your decision" })).toBeVisible();
    await expect(phone.locator("main")).toContainText("Mailed");
    await phone.getByRole("link", { name: "Create by-mail waits for your decision" }).click();
    await phone.getByRole("button", { name: "Approve", exact: true }).click();
    await expect(phone).toHaveURL(/\/jobs\/[\w-]+$/);
    await postbox.mail("member", "Create by-mail: approved");
    await postbox.mail("member", "by-mail is ready");
    const ids = postbox.mails.map(({ messageId }) => messageId);
    expect(new Set(ids).size, "no mail twice").toBe(ids.length);

    expect(hooks.events.map(({ type, data }) => [type, data.environment])).toEqual([["request.waits", "by-mail"]]);
    await member.goto("/notices");
    await look(member, "notices-member");
    const engineer = await as("platform-engineer", { portal });
    await engineer.goto("/notices");
    await expect(engineer.locator("main")).toContainText("Webhook to gone");
    await look(engineer, "notices-not-delivered");
    await engineer.getByRole("button", { name: /^Send again/ }).click();
    await expect(engineer.locator("main")).toContainText("It is sent again.");
  } finally {
    await portal.stop();
    await postbox.stop();
    hooks.server.close();
  }
});

test("a mail server that is away is waited for, and a choice is kept with scripting off", async ({ as }) => {
  test.setTimeout(240_000);
  const postbox = new Postbox();
  await postbox.start();
  await postbox.stop();
  const portal = new Portal(200, postbox.settings());
  await portal.start();
  try {
    const member = await as("member", { portal, scripts: false });
    const manager = await as("manager", { portal });
    await manager.goto("/notices");
    await expect(manager.locator("main")).toContainText("You were told nothing yet");
    await look(manager, "notices-nothing");
    await ask(member, { name: "waits-long", reason: "Patience" }, false);
    const request = new URL(member.url()).pathname;
    await until("the page says that mail waits", 30_000, async () => {
      await manager.goto("/notices");
      return (await manager.locator("main").innerText()).includes("Mail waits");
    });
    await look(manager, "notices-waits");

    const finished = "My request is decided, or has expired";
    await member.goto("/notices");
    await member.getByLabel(finished).uncheck();
    await member.getByRole("button", { name: "Keep" }).click();
    await expect(member.locator("main")).toContainText("Kept.");
    await expect(member.getByLabel(finished)).not.toBeChecked();

    await postbox.start();
    await postbox.mail("manager", "Create waits-long waits");
    await manager.goto(request);
    await manager.getByLabel("Comment").fill("Another time.");
    await manager.getByRole("button", { name: "Reject" }).click();
    await until("the requester reads it on the page", 30_000, async () => {
      await member.goto("/notices");
      return (await member.locator("main").innerText()).includes("Create waits-long: rejected");
    });
    await expect(member.locator("main"), "as it was chosen").not.toContainText("Mailed");
    expect(postbox.mails.length).toBe(1);
  } finally {
    await portal.stop();
    await postbox.stop();
  }
});

test("without a mail server the page tells, and says so", async ({ as }) => {
  const manager = await as("manager");
  await manager.goto("/notices");
  await alive(manager);
  await expect(manager.locator("main")).toContainText("No mail server is configured: you are told here alone.");
  await look(manager, "notices-no-mail");
});
