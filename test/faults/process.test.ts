import { once } from "node:events";
import t, { type Test } from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import {
  closeOf,
  frontConfig,
  frontFolder,
  impersonating,
  journalOf,
  recordsOf,
  socketTo,
} from "../fixtures/gateway/front.ts";
import { refusesToServe, type ServingOptions, serving } from "../fixtures/gateway/serving.ts";

async function gateway(t: Test, inject: NonNullable<ServingOptions["inject"]>) {
  const app = await liveApp(t);
  const folder = frontFolder(t, frontConfig(app.origin));
  return { app, ...folder, it: await serving(t, { ...folder, inject }) };
}

t.test(
  "row 12: with the event loop blocked for 2 s all are served late, and nothing is lost or ended",
  async (t) => {
    const { it, data } = await gateway(t, "block");
    const alice = await impersonating(it.url);
    const socket = await socketTo(it.url, "/ws", alice);
    // The metric counts from one scrape to the next, once its clock has ticked.
    await ask(`${it.adminUrl}/metrics`);
    for (let n = 0; n < 20; n += 1) await ask(`${it.url}/warm`);
    it.child.kill("SIGUSR2");
    const inside = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ask(`${it.url}/page/${n}`, n % 2 === 0 ? inside : {})),
    );
    t.same(new Set(answers.map(({ status }) => status)), new Set([200]));
    t.equal(answers.filter(({ body }) => body.includes("guise-banner")).length, 10, "as whom they were sent");
    const metrics = (await ask(`${it.adminUrl}/metrics`)).body;
    t.ok(
      Number(/^nodejs_eventloop_lag_max_seconds ([\d.e-]+)$/m.exec(metrics)?.[1]) > 1,
      "the metric tells of it",
    );
    const echoed = once(socket, "message");
    socket.send("still there");
    t.equal(String((await echoed)[0]), "still there");
    socket.terminate();
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);
    t.same(recordsOf(data, "impersonation.ended"), []);
    const open = new Set(recordsOf(data, "impersonation.intent").map((line) => line.event.id));
    for (const line of recordsOf(data, "impersonation.outcome")) open.delete(String(line.guise.intent));
    t.same([...open], []);
  },
);

for (const inject of ["throw", "reject"] as const) {
  t.test(
    `row 30: after an error that nobody caught (${inject}) it takes nothing new, keeps its records, and ends`,
    async (t) => {
      const { it, app, data, config } = await gateway(t, inject);
      const alice = await impersonating(it.url);
      const socket = await socketTo(it.url, "/ws", alice);
      const closed = closeOf(socket);
      const held = ask(`${it.url}/held`, alice).catch((error: Error) => error);
      await app.holding(1);
      it.child.kill("SIGUSR2");
      t.same(await closed, [1001, "going-away"]);
      const late = await ask(`${it.url}/late`).catch((error: NodeJS.ErrnoException) => error.code ?? "");
      t.ok(typeof late === "string" || late.status === 503, "nothing new is taken");
      t.notOk(
        app.seen.some(({ url }) => url === "/late"),
        "and the app hears of nothing new",
      );
      t.type(await held, Error, "nobody waits long for what may never come");
      t.equal(await it.exited, 1);
      const [, fatal = ""] = /("level":60.*)/.exec(it.log()) ?? [];
      t.match(fatal, /injected: .*an error that nobody caught/);
      t.equal(journalOf(data).at(-1)?.event.action, "journal.closed");
      const intents = recordsOf(data, "impersonation.intent").map((line) => line.event.id);
      const outcomes = recordsOf(data, "impersonation.outcome");
      t.same(outcomes.map((line) => line.guise.intent).sort(), [...intents].sort());

      const again = await serving(t, { config, data, port: it.port });
      const inside = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
      t.match(
        await ask(`${again.url}/page`, inside),
        { status: 200, body: /guise-banner/ },
        "the next life goes on",
      );
    },
  );
}

t.test("an error while it starts ends it as well, and says what to do", async (t) => {
  const folder = frontFolder(t, "upstream: nothing\n");
  const { code, said } = await refusesToServe(t, folder);
  t.equal(code, 1);
  t.match(said, /upstream: .*\n.*Run `guise check`/);
});
