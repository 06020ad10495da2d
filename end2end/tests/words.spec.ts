// A word to a job: who stops it says why, and everybody who looks at it reads who and why.

import { approve, ask, jobOf } from "../keystead/deeds.ts";
import { look } from "../keystead/look.ts";
import { Portal } from "../keystead/portal.ts";
import { alive, expect, test } from "../keystead/test.ts";

for (const scripts of [true, false]) {
  test(`a job is cancelled and rolled back with reasons, ${scripts ? "live" : "with scripting off"}`, async ({
    as,
  }) => {
    test.setTimeout(240_000);
    const name = scripts ? "words-live" : "words-plain";
    // Slow enough that a person is quicker than the job.
    const portal = new Portal(20);
    await portal.start();
    const member = await as("member", { portal, scripts });
    await ask(member, { name }, scripts);
    const request = new URL(member.url()).pathname;
    await approve(await as("manager", { portal, scripts }), request, scripts);
    const job = await jobOf(member, request);
    await member.goto(job);
    if (scripts) await alive(member);

    const say = async (deed: string, why: string): Promise<void> => {
      if (scripts) await member.getByRole("button", { name: deed }).click();
      else await member.locator("summary", { hasText: deed }).click();
      const form = scripts ? member.getByRole("dialog") : member.locator("details[open]");
      if (scripts && deed === "Roll back") await look(member, "job-asks-why");
      await form.getByLabel("Why").fill(why);
      await form.getByRole("button", { name: deed }).click();
    };
    await say("Cancel the job", "too large");
    const said = member.getByRole("list", { name: "What was said to it" });
    await expect(said).toContainText("member cancelled it");
    await expect(said).toContainText("“too large”");

    await expect(member.getByRole("heading", { level: 1 })).toContainText("Cancelled", { timeout: 120_000 });
    await member.goto(job);
    if (scripts) {
      await alive(member);
      await look(member, "job-cancelled");
    }
    await expect(member.getByLabel("Why, if there is something to say")).toBeVisible();
    await say("Roll back", "it is <b>not</b> wanted");
    await expect(said).toContainText("“it is <b>not</b> wanted”");
    await member.goto(`/environments/${name}`);
    await expect(member.getByText("member rolled it back: “it is <b>not</b> wanted”")).toBeVisible();
    await portal.stop();
  });
}
