// What it costs customers that others are asked and viewed: processor time of the gateway for own pages and own JSON of people without
// an open ask, while one customer is asked and another is viewed, beside a gateway whose entries ask nobody, in alternating rounds of one
// run. Their answers are compared byte by byte first.   node bench/consent/own-traffic.ts [ROUNDS] [REQUESTS]
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { fileURLToPath } from "node:url";
import { processorTime } from "../stand/processor-time.ts";
import { type Gateway, gateway, median, place } from "../stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 9);
const REQUESTS = Number(process.argv[3] ?? 6_000);
const WIDTH = 8;
/** Customers who are neither asked nor viewed. */
const PEOPLE = 200;
const CUSTOMERS = ["17", "23", ...Array.from({ length: PEOPLE }, (_, at) => `c${at}`)];

const PORT = 20_000 + (process.pid % 20_000);
const upstream = fork(fileURLToPath(new URL("../stand/upstream.ts", import.meta.url)), {
  env: { ...process.env, PORT: String(PORT) },
});
process.on("exit", () => upstream.kill());

const people = `users: { map: { ${CUSTOMERS.map((id) => `"${id}": { name: C${id}, groups: [customer] }`).join(", ")} } }\n`;
/** One group asks before, the other tells. */
const asking = `  - { groups: [support], mayBe: { groups: [customer] }, mode: read, consent: ask, limit: { total: 8h, idle: 8h } }
  - { groups: [lead], mayBe: { groups: [customer] }, mode: read, consent: notice, limit: { total: 8h, idle: 8h } }
`;
const quiet = await gateway(place("quiet", PORT, people));
const at = place("asks", PORT, people);
writeFileSync(
  at.config,
  readFileSync(at.config, "utf8").replace(/^ {2}- \{ groups: \[support\].*\n/m, asking),
);
const asks = await gateway(at);
const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });

interface Answer {
  readonly head: IncomingMessage;
  readonly body: Buffer;
}

async function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  form: string | null = null,
): Promise<Answer> {
  const method = form === null ? "GET" : "POST";
  const asked = request({ host: "127.0.0.1", port, path, headers, agent, method });
  const [head] = (await once(asked.end(form ?? undefined), "response")) as [IncomingMessage];
  return { head, body: Buffer.concat(await head.toArray()) };
}

const CLICK = {
  ...{ accept: "text/html", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" },
  ...{ "sec-fetch-user": "?1", "sec-fetch-site": "same-origin" },
};
const SCRIPT = {
  ...{ accept: "application/json", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" },
  "sec-fetch-site": "same-origin",
};

/** Presses the button of the page that starts, or asks. */
async function pressed(user: string, group: string): Promise<void> {
  const who = { ...CLICK, "x-user": `agent-of-${user}`, "x-groups": group };
  const page = (await ask(asks.port, `/.guise/as/${user}`, who)).body.toString();
  const fields = [...page.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
  const form = new URLSearchParams(fields.map(([, name = "", value = ""]) => [name, value]));
  form.set("cause", "customer-initiated-support");
  const { head } = await ask(
    asks.port,
    "/.guise/start",
    {
      ...{ ...who, origin: `http://127.0.0.1:${asks.port}` },
      ...{
        "content-type": "application/x-www-form-urlencoded",
        "content-length": `${form.toString().length}`,
      },
    },
    form.toString(),
  );
  if (head.statusCode !== 303) throw new Error(`${user}: ${head.statusCode}`);
}

const own = (of: number, more: Readonly<Record<string, string>>) => ({
  ...more,
  ...{ "x-user": `c${of % PEOPLE}`, "x-groups": "customer", cookie: `session=${of % PEOPLE}` },
});

await pressed("17", "support");
await pressed("23", "lead");
const state = await ask(asks.port, "/.guise/access", { ...CLICK, "x-user": "17", "x-groups": "customer" });
if (!state.body.includes("asks to look at your account")) throw new Error("nobody is asked");
for (const id of ["17", "23"])
  for (const last of [false, true]) {
    const { body } = await ask(asks.port, "/page", { ...CLICK, "x-user": id, "x-groups": "customer" });
    if (last && !body.includes("guise-banner")) throw new Error(`${id} has no card`);
  }

/** All that a client gets, but for when it got it. */
const told = ({ head, body }: Answer) => [
  head.statusCode,
  head.rawHeaders.filter((_, n) => head.rawHeaders[n - (n % 2)]?.toLowerCase() !== "date"),
  body.toString("latin1"),
];
let same = 0;
for (let n = 0; n < PEOPLE * 2; n += 1)
  for (const [path, more] of [
    ["/page", CLICK],
    ["/json", SCRIPT],
  ] as const) {
    const direct = JSON.stringify(told(await ask(quiet.port, path, own(n, more))));
    if (JSON.stringify(told(await ask(asks.port, path, own(n, more)))) !== direct)
      throw new Error(`${path} of c${n % PEOPLE} is not as without`);
    same += 1;
  }

async function cost({ child, port }: Gateway, path: string, more: Readonly<Record<string, string>>) {
  const { pid = 0 } = child;
  const before = processorTime(pid);
  let left = REQUESTS;
  await Promise.all(
    Array.from({ length: WIDTH }, async () => {
      while (left > 0) {
        left -= 1;
        await ask(port, path, own(left, more));
      }
    }),
  );
  return ((processorTime(pid) - before) / REQUESTS) * 1e6;
}

process.stdout.write(`${same} answers of ${PEOPLE} people: the same bytes with and without\n`);
for (const [what, path, more] of [
  ["own page", "/page", CLICK],
  ["own JSON", "/json", SCRIPT],
] as const) {
  const pairs: { readonly without: number; readonly with: number }[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    const first = round % 2 === 0 ? asks : quiet;
    const costs = new Map([[first, await cost(first, path, more)]]);
    const second = first === asks ? quiet : asks;
    costs.set(second, await cost(second, path, more));
    // The first one warms them up.
    if (round >= 0) pairs.push({ without: costs.get(quiet) ?? 0, with: costs.get(asks) ?? 0 });
  }
  const ratio = median(pairs.map((it) => it.with / it.without)).toFixed(3);
  const us = (of: (it: (typeof pairs)[number]) => number) => median(pairs.map(of)).toFixed(0);
  process.stdout.write(
    `${what}: ${us((it) => it.with)} µs/request while others are asked and viewed, ${us((it) => it.without)} without: ${ratio} (median of ${ROUNDS})\n`,
  );
}
process.exit(0);
