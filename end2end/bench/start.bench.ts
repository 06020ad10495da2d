// How soon the first page is there, and how much of it goes over the wire.

import { measured, measurement, median } from "../keystead/measured.ts";

measurement("cold_start_seconds", async ({ started }) => {
  const taken: number[] = [];
  for (let run = 0; run < 5; run++) {
    const begun = performance.now();
    const portal = await started(30);
    const answer = await fetch(`${portal.url}/sign-in`);
    await answer.text();
    taken.push((performance.now() - begun) / 1000);
    await portal.stop();
    if (answer.status !== 200) throw new Error(`the first page answered ${answer.status}`);
  }
  measured("cold_start_seconds", median(taken));
});

measurement("first_page_brotli_kb", async ({ started }) => {
  const portal = await started(30);
  const found = new Set(["/sign-in"]);
  let bytes = 0;
  for (const path of found) {
    const { text, size } = await fetched(portal.url + path);
    bytes += size;
    for (const [link] of text.matchAll(/\/pkg\/[\w.-]+/g)) found.add(link);
  }
  if (![...found].some((path) => path.endsWith(".wasm"))) throw new Error(`no WebAssembly among ${[...found].join(", ")}`);
  measured("first_page_brotli_kb", bytes / 1024);
});

/** What an answer says, and how many bytes it is as a browser receives it. */
async function fetched(url: string): Promise<{ text: string; size: number }> {
  const { get } = await import("node:http");
  const { brotliDecompressSync } = await import("node:zlib");
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": "br" } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const body = Buffer.concat(parts);
        const plain = answer.headers["content-encoding"] === "br" ? brotliDecompressSync(body) : body;
        const readable = /text|javascript/.test(answer.headers["content-type"] ?? "");
        if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
        else resolve({ text: readable ? plain.toString() : "", size: body.length });
      });
    }).on("error", reject);
  });
}
