// Who could read an environment's secrets, and who did: looked at, asked of the vault's own log, narrowed to one secret.

import { approve, ask, jobOf, jobSays } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { expect, test } from "../keystead/test.ts";

test("a page tells who could read the secrets, and who did", async ({ as }) => {
  test.setTimeout(300_000);
  const member = await as("member");
  await ask(member, { name: "read-by" });
  const request = new URL(member.url()).pathname;
  await approve(await as("manager"), request);
  await member.goto(await jobOf(member, request));
  await jobSays(member, "Succeeded", 200);

  await member.goto("/environments/read-by");
  await member.getByRole("link", { name: "Who could, who did" }).click();
  await expect(member.getByRole("heading", { level: 1 })).toHaveText("Access to the secrets");
  await expect(member.locator("main")).toContainText("Nobody has looked yet");
  await look(member, "access-not-looked");
  await member.goto("/environments/read-by");
  await member.getByRole("button", { name: "Look now" }).click();

  // Azure takes minutes until an access is found in the log; here they are shorter.
  const read = member.getByRole("row", { name: /Read the value.*The web app.*Allowed/ });
  await expect(async () => {
    await member.goto("/environments/read-by/access");
    await expect(member.getByRole("row", { name: /The web app.*Key Vault Secrets User.*Read values/ })).toBeVisible();
    await expect(read.first()).toBeVisible();
  }).toPass({ timeout: 120_000 });
  await expect(member.getByRole("row", { name: /Keystead.*Give roles/ }).first()).toBeVisible();
  await look(member, "access");

  // The password is set over the version that is shown, and the checks run on what comes of it.
  const third = await as("third-member");
  await third.goto("/environments/read-by");
  await third.getByRole("link", { name: "Secrets", exact: true }).click();
  await expect(third.getByText("Webapp-DB-Server-UserPassword")).toBeVisible();
  await look(third, "secrets");
  await third.getByLabel("New password of the database user").fill("set-in-the-browser");
  await third.getByRole("button", { name: "Set the password" }).click();
  await expect(third.locator("main")).toContainText("The vault has the new password.");
  await third.goto("/environments/read-by");
  await expect(third.locator("main")).toContainText("third-member");

  const auditor = await as("auditor", { scripts: false });
  await auditor.goto("/environments/read-by/access");
  await auditor.getByLabel("Secret").selectOption("Webapp-DB-Server-UserPassword");
  await auditor.getByRole("button", { name: "Show" }).click();
  await expect(auditor.getByRole("heading", { name: "Who asked for it" })).toBeVisible();
  await expect(auditor.getByRole("row", { name: /Webapp-DB-Server-Name/ })).toHaveCount(0);
  await auditor.goto("/environments/read-by/access?at=2020-01-01T00:00");
  await expect(auditor.locator("main")).toContainText("before Keystead first looked");
});
