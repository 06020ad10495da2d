// Hears what a browser complains of: errors of scripts, refused content, failed requests.

import type { BrowserContext } from "@playwright/test";

/** The browser leaves out the movement between two pages where one is not drawn in time, and says so; nothing is lost. */
const LEFT_OUT = /InvalidStateError: Transition was aborted|AbortError: Transition was skipped/;

/** Every complaint of a context's pages; a test that provokes one says so with `expects`. */
export class Watch {
  readonly complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Complaints that match are part of this test. */
  expects(complaint: RegExp): void {
    this.expected.push(complaint);
  }

  over(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() === "error") {
        this.hear(`error at ${message.page()?.url()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => {
      const { name, message, stack } = error.error();
      this.hear(`script: ${name}: ${message}\n${stack ?? ""}`);
    });
  }

  unexpected(): string[] {
    return this.complaints.filter((complaint) => !this.expected.some((known) => known.test(complaint)));
  }

  private hear(complaint: string): void {
    if (!LEFT_OUT.test(complaint)) this.complaints.push(complaint);
  }
}
