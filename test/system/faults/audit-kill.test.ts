import { EventEmitter, once } from "node:events";
import t from "tap";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { frontConfig, frontFolder, impersonating } from "../../fixtures/gateway/front.ts";
import { agents, check, type Tally } from "../../fixtures/gateway/kills.ts";
import { serving } from "../../fixtures/gateway/serving.ts";

/** Each kill is at a random moment; `GUISE_FAULTS=1` makes a thousand of them, or as many as GUISE_ROUNDS says. */
const ROUNDS = process.env.GUISE_FAULTS === undefined ? 12 : Number(process.env.GUISE_ROUNDS ?? 1_000);
/** Kills on one folder, after which all of its lives are checked. */
const LIVES = 25;

t.test(
  `row 10: kill -9 under load, ${ROUNDS} times: what the app saw has an intent, nothing is lost`,
  async (t) => {
    const answers = new EventEmitter();
    const tally: Tally = { kills: 0, seen: new Set(), answered: new Set(), answers, own: 0 };
    const app = await httpApp(t, (request, response) => {
      const path = request.url ?? "";
      if (request.headers["x-guise-impersonation"] !== undefined) tally.seen.add(path);
      else tally.own += 1;
      setTimeout(() => response.end(path), Math.random() * 4);
    });
    const sums = { intents: 0, outcomes: 0, unknown: 0, records: 0 };
    while (tally.kills < ROUNDS) {
      const part = { ...tally, kills: 0, seen: new Set<string>(), answered: new Set<string>() };
      const { data, config } = frontFolder(t, frontConfig(app.origin));
      const before = new Set(tally.seen);
      await lives(t, { data, config }, Math.min(LIVES, ROUNDS - tally.kills), part);
      const seen = [...tally.seen].filter((path) => !before.has(path) && path.startsWith("/hit/"));
      const found = await check(data);
      t.same(
        seen.filter((path) => !found.intents.has(path)),
        [],
        "nothing reached the app without its intent",
      );
      t.same(
        [...part.answered].filter((path) => !found.intents.has(path)),
        [],
        "nothing that was answered is without a record",
      );
      t.same(found.wrong, [], "each intent has exactly one outcome");
      t.equal(found.verified, 0, "and the chain is whole over all lives");
      tally.kills += part.kills;
      for (const key of ["intents", "outcomes", "unknown", "records"] as const)
        sums[key] += key === "intents" ? found.intents.size : found[key];
    }
    t.ok(tally.own > 0 && tally.seen.size > ROUNDS, "there was load of both kinds");
    t.comment(
      `${tally.kills} kills, ${tally.seen.size} impersonating requests at the app, ${tally.own} others, ${sums.records} records, ${sums.unknown} outcomes unknown`,
    );
  },
);

/** Starts gateways on one folder and kills each at a random moment under load. The next starts while this one runs. */
async function lives(
  t: Parameters<typeof serving>[0],
  folder: { readonly data: string; readonly config: string },
  count: number,
  tally: Tally,
): Promise<void> {
  let next = serving(t, folder);
  let impersonated: Record<string, string> | null = null;
  for (let life = 0; life < count; life += 1) {
    const it = await next;
    impersonated ??= await impersonating(it.url);
    const load = agents(it, impersonated, `${folder.data.slice(-6)}-${life}`, tally);
    if (life + 1 < count) next = serving(t, folder);
    // On a busy machine nothing may have come through by then: every other life has answered somebody before it ends.
    const before = tally.answered.size;
    if (life % 2 === 0 && tally.answered.size === before) await once(tally.answers, "one");
    await new Promise((done) => setTimeout(done, 40 + Math.random() * 400));
    it.child.kill("SIGKILL");
    await Promise.all([it.exited, load]);
    tally.kills += 1;
  }
  // The last life finds what the others left open.
  const last = await serving(t, folder);
  last.child.kill("SIGTERM");
  await last.exited;
}
