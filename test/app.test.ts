import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import t from "tap";
import { stack } from "./fixtures/stack.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const [response] = (await once(request(url, { headers, method }).end(), "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

const CLICK = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
  "sec-fetch-site": "cross-site",
};

/** The worked example with people who are named by a header, so that a test needs no login. */
const named = (yaml: string) =>
  yaml.replace(
    /^identity:[\s\S]*?^agents:/m,
    'identity:\n  - insecureHeader: { name: X-Forwarded-User, groups: X-Forwarded-Groups, from: [127.0.0.1, "::1"] }\nheaders: { when: impersonating }\nagents:',
  );

const ALICE = { "x-forwarded-user": "1", "x-forwarded-groups": "support" };

function cookieOf(answer: Answer): string {
  const line = answer.headers["set-cookie"]?.find((it) => it.startsWith("guise="));
  return line?.split(";")[0] ?? "";
}

t.test("an edit of the config counts at once, a bad one changes nothing", async (t) => {
  const it = await stack({ edit: named });
  t.teardown(() => it.close());
  const good = await readFile(it.config, "utf8");
  t.match(cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })), /^guise=.{43}$/);

  await writeFile(it.config, good.replace("impersonation: on", "impersonation: off"));
  await it.gateway.reload();
  t.equal(cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })), "", "switched off");

  await writeFile(it.config, good.replace("impersonation: on", "impersonation: perhaps"));
  await it.gateway.reload();
  t.equal(
    cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })),
    "",
    "the bad edit left it off",
  );

  await writeFile(it.config, good);
  await it.gateway.reload();
  t.match(
    cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE })),
    /^guise=.{43}$/,
    "and on again",
  );
});

t.test("what runs is ended by the switch, on the next request", async (t) => {
  const it = await stack({ edit: named });
  t.teardown(() => it.close());
  const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
  const inside = { ...CLICK, ...ALICE, cookie, "sec-fetch-site": "same-origin" };
  t.equal((await ask(`${it.url}/sites`, inside)).status, 200);
  await writeFile(
    it.config,
    (await readFile(it.config, "utf8")).replace("impersonation: on", "impersonation: off"),
  );
  await it.gateway.reload();
  const page = await ask(`${it.url}/sites`, inside);
  t.equal(page.status, 409);
  t.match(page.body, /ended-revoked/);
  const script = await ask(`${it.url}/api/sites`, { ...ALICE, cookie });
  t.match(
    { status: script.status, problem: JSON.parse(script.body) },
    { status: 409, problem: { code: "ended-revoked" } },
  );
});

t.test(
  "every impersonated request has an intent and an outcome in the journal, with both people",
  async (t) => {
    const it = await stack({ edit: named });
    const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK, ...ALICE }));
    await ask(`${it.url}/sites?token=hidden`, {
      ...CLICK,
      ...ALICE,
      cookie,
      "sec-fetch-site": "same-origin",
    });
    await ask(`${it.url}/site/9421/settings`, { ...ALICE, cookie }, "POST");
    await it.gateway.close();
    const folder = join(it.data, "audit");
    const lines = readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => readFileSync(join(folder, name), "utf8").trim().split("\n"))
      .map((line) => JSON.parse(line));
    await it.close();
    const actions = lines.map((line) => line.event?.action);
    for (const action of [
      "impersonation.started",
      "impersonation.intent",
      "impersonation.outcome",
      "impersonation.denied",
      "config.loaded",
    ]) {
      t.ok(actions.includes(action), action);
    }
    const intents = lines.filter((line) => line.event?.action === "impersonation.intent");
    const outcomes = lines.filter((line) => line.event?.action === "impersonation.outcome");
    t.equal(intents.length, 2);
    t.same(
      outcomes.map((line) => line.guise.intent).sort(),
      intents.map((line) => line.event.id).sort(),
      "each intent has its outcome",
    );
    t.match(intents[1], {
      user: { id: "1", effective: { id: "17" } },
      url: { path: "/sites" },
      related: { user: ["1", "17"] },
    });
    t.notOk(
      lines.some((line) => JSON.stringify(line).includes("hidden")),
      "a secret in the query is not written down",
    );
  },
);
