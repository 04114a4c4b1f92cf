import { EventEmitter, once } from "node:events";
import { request } from "node:http";
import t, { type Test } from "tap";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { ask } from "../../fixtures/client/named.ts";
import {
  frontConfig,
  frontFolder,
  impersonating,
  pressStop,
  recordsOf,
} from "../../fixtures/gateway/front.ts";
import { agents, check, type Tally } from "../../fixtures/gateway/kills.ts";
import { refusesToServe, type Serving, serving } from "../../fixtures/gateway/serving.ts";

/** `GUISE_FAULTS=1` goes through all steps so often that they are a thousand kills, or as many as GUISE_ROUNDS says. */
const LONG = process.env.GUISE_FAULTS !== undefined;
const KILLS = LONG ? Number(process.env.GUISE_ROUNDS ?? 1_000) : 1;

/** Of one group of records: nothing of it is written; half of it; all of it, but not synced; synced, and nobody was told. */
type Moment = "before" | "half" | "written" | "synced";
const MOMENTS: readonly Moment[] = ["before", "half", "written", "synced"];

/** What all lives of one folder have in common. */
interface Stand {
  readonly data: string;
  readonly config: string;
  readonly impersonated: Record<string, string>;
  readonly tally: Tally;
  /** Emits `asked` for each impersonated request that reaches the app. */
  readonly app: EventEmitter;
  /** Those who were given a cookie, and those who were told that it is over. */
  readonly begun: Set<string>;
  readonly stopped: Set<string>;
  life: number;
}

interface Step {
  readonly name: string;
  /** Where in the journal the gateway kills itself; null: the test does. */
  readonly step: string | null;
  /** What goes on until it is gone; null: it is gone before it listens. */
  readonly work: ((it: Serving, stand: Stand) => Promise<unknown>) | null;
}

const clicks: Step["work"] = (it, { impersonated, tally, life }) =>
  agents(it, impersonated, `steps-${life}`, tally);

/** Before the `nth` group with this action is durable; `moments` are those that every run has, not only a long one. */
function inJournal(action: string, moments: readonly Moment[], nth: number, work: Step["work"]): Step[] {
  return (LONG ? MOMENTS : moments).map((moment) => ({
    name: `${action}: ${moment}`,
    step: `${action} ${moment} ${nth}`,
    work,
  }));
}

const STEPS: readonly Step[] = [
  ...inJournal("impersonation.intent", MOMENTS, 5, clicks),
  ...inJournal("journal.boot", ["half", "synced"], 1, null),
  ...inJournal("impersonation.outcome", ["half", "written", "synced"], 5, clicks),
  ...inJournal("impersonation.started", ["synced"], 2, comeAndGo),
  ...inJournal("impersonation.ended", ["half"], 2, comeAndGo),
  { name: "the app has the request", step: null, work: asked },
  { name: "the agent has half of the answer", step: null, work: halfAnswered },
  { name: "the agent has all of the answer", step: null, work: answered },
];

t.test("row 10: kill -9 at every step between decision and outcome, and of the start", async (t) => {
  let kills = 0;
  for (const round of Array.from({ length: Math.ceil(KILLS / STEPS.length) }, (_, n) => n))
    kills += await throughAll(t, round);
  t.comment(`${kills} kills`);
});

async function throughAll(t: Test, round: number): Promise<number> {
  const tally: Tally = {
    kills: 0,
    seen: new Set(),
    answered: new Set(),
    answers: new EventEmitter(),
    own: 0,
  };
  const news = new EventEmitter();
  const app = await httpApp(t, (incoming, response) => {
    const path = incoming.url ?? "";
    if (incoming.headers["x-guise-impersonation"] !== undefined) {
      tally.seen.add(path);
      news.emit("asked");
    }
    if (path.startsWith("/half")) response.write("half");
    else if (!path.startsWith("/asked")) response.end(path);
  });
  const { data, config } = frontFolder(t, frontConfig(app.origin));
  const first = await serving(t, { data, config });
  const impersonated = await impersonating(first.url);
  first.child.kill("SIGKILL");
  await first.exited;
  const stand: Stand = {
    ...{ data, config, impersonated, tally, app: news, life: round * 100 },
    ...{ begun: new Set(), stopped: new Set() },
  };
  for (const step of STEPS) {
    stand.life += 1;
    t.equal(await oneLife(t, stand, step), "SIGKILL", step.name);
    tally.kills += 1;
  }
  const last = await serving(t, { data, config });
  last.child.kill("SIGTERM");
  t.equal(await last.exited, 0);
  await judged(t, stand);
  return tally.kills;
}

async function oneLife(t: Test, stand: Stand, { step, work }: Step): Promise<number | string> {
  const options = { data: stand.data, config: stand.config, ...(step === null ? {} : { step }) };
  if (work === null) return (await refusesToServe(t, options)).code;
  const it = await serving(t, options);
  await Promise.all([work(it, stand), it.exited]);
  return it.exited;
}

async function judged(t: Test, { data, tally, begun, stopped }: Stand): Promise<void> {
  const found = await check(data);
  const missing = (paths: Iterable<string>) => [...paths].filter((path) => !found.intents.has(path));
  t.ok(tally.seen.size > 10 && tally.answered.size > 10 && begun.size > 0, "there was load");
  t.same(missing(tally.seen), [], "nothing reached the app without its intent");
  t.same(missing(tally.answered), [], "nothing that was answered is without a record");
  t.same(found.wrong, [], "each intent has exactly one outcome");
  t.ok(found.unknown > 0, `${found.unknown} of them unknown`);
  t.equal(found.verified, 0, "the chain is whole over all lives");
  const agentsOf = (action: string) => new Set(recordsOf(data, action).map(({ user }) => user?.id));
  const [started, ended] = [agentsOf("impersonation.started"), agentsOf("impersonation.ended")];
  t.same(
    [...begun].filter((agent) => !started.has(agent)),
    [],
    "who was given a cookie is on record",
  );
  t.same(
    [...stopped].filter((agent) => !ended.has(agent)),
    [],
    "who was told that it is over as well",
  );
}

/** Others begin to be somebody else, and stop, until it is gone. */
async function comeAndGo(it: Serving, { life, begun, stopped }: Stand): Promise<void> {
  let gone = false;
  const over = it.exited.then(() => {
    gone = true;
  });
  for (let n = 0; !gone; n += 1) {
    const agent = `bob-${life}-${n}`;
    try {
      const impersonated = await impersonating(it.url, `2/${agent}`, {
        "x-user": agent,
        "x-groups": "support",
      });
      begun.add(agent);
      const status = await pressStop(it.url, impersonated);
      if (status === 303) stopped.add(agent);
    } catch {
      // The gateway was killed: that is what this test is about.
      await over;
    }
  }
}

async function asked(it: Serving, { app, impersonated, life }: Stand): Promise<void> {
  const there = once(app, "asked");
  const answer = ask(`${it.url}/asked/${life}`, impersonated).then(
    () => "answered",
    (error: unknown) => error,
  );
  await there;
  it.child.kill("SIGKILL");
  // The app never answers this one, so nobody else can have.
  if ((await answer) === "answered")
    throw new Error("a request that the app had was answered by somebody else");
}

async function halfAnswered(it: Serving, { impersonated, life }: Stand): Promise<void> {
  const [response] = await once(
    request(`${it.url}/half/${life}`, { headers: impersonated }).end(),
    "response",
  );
  response.on("error", () => undefined);
  await once(response, "data");
  it.child.kill("SIGKILL");
}

async function answered(it: Serving, { impersonated, life, tally }: Stand): Promise<void> {
  const { body } = await ask(`${it.url}/whole/${life}`, impersonated);
  tally.answered.add(body);
  it.child.kill("SIGKILL");
}
