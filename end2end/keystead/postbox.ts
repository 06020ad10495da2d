// A real mail server on loopback, somebody else's: takes mail after a sign-in, refuses what a test tells it to.

import { type AddressInfo } from "node:net";

import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

import { until } from "./portal.ts";

export const USER = "keystead";
export const PASSWORD = "mail-password-7b1d";

export class Postbox {
  readonly mails: ParsedMail[] = [];
  /** Codes with which the next recipients are refused. */
  readonly refusals: number[] = [];
  port = 0;
  private server: SMTPServer | undefined;

  /** On the port that it had before, where it had one. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        if (username === USER && password === PASSWORD) done(null, { user: username });
        else done(new Error("nobody of this name"));
      },
      onRcptTo: (_address, _session, done) => {
        const code = this.refusals.shift();
        done(code === undefined ? null : Object.assign(new Error("not now"), { responseCode: code }));
      },
      onData: (stream, _session, done) => {
        simpleParser(stream).then((mail) => {
          this.mails.push(mail);
          done();
        }, done);
      },
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", () => resolve());
    });
    this.port = (server.server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.server = undefined;
  }

  /** What a portal is told of it. */
  settings(): Record<string, string> {
    return {
      KEYSTEAD__MAIL__SERVER: `127.0.0.1:${this.port}`,
      KEYSTEAD__MAIL__TLS: "none",
      KEYSTEAD__MAIL__USER: USER,
      KEYSTEAD__MAIL__PASSWORD: PASSWORD,
      KEYSTEAD__MAIL__FROM: "Keystead <keystead@contoso.example>",
    };
  }

  /** Waits for the mail to this account whose subject contains these words; there must be one. */
  async mail(account: string, words: string): Promise<ParsedMail> {
    await until(`${account} has mail: ${words}`, 60_000, () => Promise.resolve(this.found(account, words).length > 0));
    const found = this.found(account, words);
    if (found.length !== 1) throw new Error(`${found.length} mails to ${account}: ${words}`);
    return found[0] as ParsedMail;
  }

  private found(account: string, words: string): ParsedMail[] {
    const to = (mail: ParsedMail) => [mail.to ?? []].flat().map(({ text }) => text).join();
    return this.mails.filter((mail) => to(mail) === `${account}@contoso.example` && mail.subject?.includes(words));
  }
}
