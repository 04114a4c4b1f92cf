/**
 * How fast the page room is: `node test/page/speed.ts`. No test, since a machine's speed is no behaviour.
 * Prints MB/s for pages that go through the rewriter, and for a banner that is built, µs.
 */
import { once } from "node:events";
import { Writable } from "node:stream";
import { banner } from "../../src/page/banner.ts";
import { rewriter } from "../../src/page/rewriter.ts";
import { viewOf } from "./site.ts";

const CHUNK = 64 << 10;
const HEAD = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sites</title>${'<link rel="stylesheet" href="/assets/app.css"><meta name="viewport" content="width=device-width">'.repeat(12)}<style>${"a > b { color: red } ".repeat(150)}</style><script>${"if (a < b) { c('<body>') } ".repeat(150)}</script></head>`;
const LINE = '<p class="line">Lorem <b>ipsum</b> dolor sit amet, <a href="/x">consectetur</a>.</p>\n';

const insert = banner(viewOf("app.example.com"));

function pageOf(bytes: number): Buffer {
  return Buffer.from(
    `${HEAD}<body>${LINE.repeat(Math.max(0, Math.ceil((bytes - HEAD.length) / LINE.length)))}`,
  );
}

async function send(page: Buffer): Promise<void> {
  const transform = rewriter({
    insert,
    syntax: "html",
    charset: "utf-8",
    pageHead: 1 << 20,
    title: null,
    transcode: true,
    amendMeta: null,
  });
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  transform.pipe(sink);
  for (let at = 0; at < page.length; at += CHUNK) {
    if (!transform.write(page.subarray(at, at + CHUNK))) await once(transform, "drain");
  }
  transform.end();
  await once(sink, "finish");
}

async function measure(name: string, page: Buffer, times: number): Promise<void> {
  for (let run = 0; run < Math.min(times, 200); run += 1) await send(page);
  const started = process.cpuUsage();
  const from = performance.now();
  for (let run = 0; run < times; run += 1) await send(page);
  const ms = performance.now() - from;
  const cpu = process.cpuUsage(started);
  const megabytes = (page.length * times) / 1e6;
  const each = (cpu.user + cpu.system) / times;
  console.log(
    `${name}: ${(megabytes / (ms / 1000)).toFixed(0)} MB/s, ${each.toFixed(0)} µs of processor a page`,
  );
}

console.log(`head ${HEAD.length} bytes, banner ${insert.length} bytes`);
await measure("30 KB page", pageOf(30_000), 3000);
await measure("head alone (no body found before its end)", Buffer.from(HEAD), 3000);
await measure("100 MB page", pageOf(100_000_000), 3);
const from = performance.now();
for (let run = 0; run < 5000; run += 1) banner(viewOf("app.example.com"));
console.log(`a banner: ${(((performance.now() - from) * 1000) / 5000).toFixed(0)} µs`);
