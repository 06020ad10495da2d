// Hears what a browser complains of: errors of scripts, refused content, failed requests.

import type { BrowserContext } from "@playwright/test";

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
    context.on("weberror", (error) => this.hear(`script: ${error.error().stack ?? error.error().message}`));
  }

  unexpected(): string[] {
    return this.complaints.filter((complaint) => !this.expected.some((known) => known.test(complaint)));
  }

  private hear(complaint: string): void {
    this.complaints.push(complaint);
  }
}
