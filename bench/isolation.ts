// What a host for each impersonation costs: processor time of the gateway for an impersonated page and for own traffic, with
// `isolation` and without, in alternating rounds of one run.   node bench/isolation.ts [ROUNDS] [REQUESTS]
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { processorTime } from "./stand/processor-time.ts";
import { gateway, impersonating, median, place } from "./stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 5);
const REQUESTS = Number(process.argv[3] ?? 2_000);
const WIDTH = 8;
const PARENT = "view.guise-view.test";

const BODY = `<!doctype html><title>page</title><body>${"<p>some text of a page</p>".repeat(150)}`;
const behind = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(BODY);
});
behind.listen(0, "127.0.0.1");
await once(behind, "listening");
const { port: appPort } = behind.address() as AddressInfo;

const plain = await gateway(place("plain", appPort));
const apart = await gateway(place("apart", appPort, `isolation: { host: { parent: ${PARENT} } }\n`));
const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });

async function get(port: number, path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const options = { host: "127.0.0.1", port, path, headers, agent };
  const [response] = (await once(request(options).end(), "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response;
}

const NAVIGATING = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
};

/** The headers of a browser that went over to a label. */
async function onALabel(port: number): Promise<Record<string, string>> {
  const app = `127.0.0.1:${port}`;
  const cookies = new Map<string, string>();
  let at = new URL(`http://${app}/site/1`);
  for (let step = 0; step < 6; step += 1) {
    const own = at.host === app ? { "x-user": "alice", "x-groups": "support" } : {};
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const headers = {
      ...NAVIGATING,
      ...own,
      host: at.host,
      "sec-fetch-site": "none",
      ...(cookie === "" ? {} : { cookie }),
    };
    const answer = await get(port, at.pathname + at.search, headers);
    if (at.host !== app)
      for (const line of answer.headers["set-cookie"] ?? []) {
        const [pair = ""] = line.split(";");
        cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
      }
    if (answer.headers.location === undefined) {
      if (answer.statusCode !== 200) throw new Error(`no label was opened: ${answer.statusCode}`);
      return { host: at.host, cookie: `guise=${cookies.get("guise")}` };
    }
    at = new URL(answer.headers.location, at);
  }
  throw new Error("no label was opened");
}

async function cost(pid: number, ask: () => Promise<IncomingMessage>): Promise<number> {
  const before = processorTime(pid);
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (left-- > 0) {
        const { statusCode } = await ask();
        if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      }
    }),
  );
  return ((processorTime(pid) - before) / REQUESTS) * 1e6;
}

const inside = { ...NAVIGATING, "sec-fetch-site": "same-origin" };
const impersonated = { ...inside, ...(await impersonating(plain.port)) };
const labelled = { ...inside, ...(await onALabel(apart.port)) };
const own = { ...NAVIGATING, "sec-fetch-site": "same-origin", cookie: "session=of-a-customer" };
const targets = {
  "page, one origin": () => cost(plain.child.pid ?? 0, () => get(plain.port, "/page", impersonated)),
  "page, isolation": () => cost(apart.child.pid ?? 0, () => get(apart.port, "/page", labelled)),
  "own, one origin": () => cost(plain.child.pid ?? 0, () => get(plain.port, "/page", own)),
  "own, isolation": () => cost(apart.child.pid ?? 0, () => get(apart.port, "/page", own)),
};
const names = Object.keys(targets) as (keyof typeof targets)[];
const costs = new Map<string, number[]>(names.map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round += 1)
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    const it = await targets[name]();
    // The first one warms them up.
    if (round >= 0) costs.get(name)?.push(it);
  }
for (const name of names)
  process.stdout.write(
    `${name.padEnd(18)} ${median(costs.get(name) ?? [])
      .toFixed(0)
      .padStart(6)} µs/request\n`,
  );
const ratio = (a: keyof typeof targets, b: keyof typeof targets) =>
  median((costs.get(a) ?? []).map((it, at) => it / (costs.get(b)?.[at] ?? Number.NaN))).toFixed(2);
process.stdout.write(
  `isolation / one origin: page ${ratio("page, isolation", "page, one origin")}, own ${ratio("own, isolation", "own, one origin")}\n`,
);
process.exit(0);
