// Needs: libfaketime
import { setTimeout as wait } from "node:timers/promises";
import { SignJWT } from "jose";
import t from "tap";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { ask, CLICK, cookieOf } from "../../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating, recordsOf } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";
import { journalOf } from "../../fixtures/journal/journal.ts";
import { fakeClock } from "../../fixtures/servers/faketime.ts";

t.test(
  "row 21: the clock steps by hours and back: nothing is revived, and records stay in order",
  async (t) => {
    const app = await liveApp(t);
    const { data, config } = frontFolder(
      t,
      frontConfig(app.origin).replace("limit: { total: 8h, idle: 8h }", "limit: { total: 60m, idle: 60m }"),
    );
    const { env, step } = fakeClock(data);
    const it = await serving(t, { data, config, env });
    const inside = (impersonated: Record<string, string>) => ({
      ...CLICK,
      ...impersonated,
      "sec-fetch-site": "same-origin",
    });
    const first = await impersonating(it.url);
    t.match(await ask(`${it.url}/page`, inside(first)), { status: 200, body: /guise-banner/ });

    step("-5s");
    t.match(
      await ask(`${it.url}/page`, inside(first)),
      { status: 200, body: /guise-banner/ },
      "five seconds back",
    );
    step("-2h");
    const early = await ask(`${it.url}/page`, inside(first));
    t.ok(
      early.status === 200 ? early.body.includes("guise-banner") : early.status === 409,
      "never as the agent",
    );
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");

    step("+0");
    const second = await impersonating(it.url, "2");
    const held = ask(`${it.url}/held`, second);
    await app.holding(1);
    step("+2h");
    app.held[0]?.end("late");
    const late = await held.catch((error: Error) => error);
    t.ok(late instanceof Error || late.status === 200 || late.status === 409, "what was open ends in order");
    const over = await ask(`${it.url}/page`, inside(second));
    t.match(over, { status: 409, body: /ended-(expired|idle)/ }, "two hours later it is over");
    step("+0");
    await wait(1_100);
    t.match(await ask(`${it.url}/page`, inside(second)), { status: 409 }, "and the way back revives nothing");

    const third = await impersonating(it.url);
    t.equal((await ask(`${it.url}/page`, inside(third))).status, 200, "a new one begins");
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);

    const records = await journalOf(data);
    const [wall, steady] = [
      records.map((record) => Date.parse(record["@timestamp"])),
      records.map((record) => record.guise.monotonic),
    ];
    t.ok(Math.max(...wall) - Math.min(...wall) > 3.9 * 3_600_000, "the wall clock as it was");
    t.same(
      steady.filter((at, n) => n > 0 && at < (steady[n - 1] ?? 0)),
      [],
      "beside a clock that never goes back",
    );
    t.ok((steady.at(-1) ?? 0) - (steady[0] ?? 0) < 120_000);
    const ids = records.map((record) => record.event.id);
    const made = ids.filter((_, n) => records[n]?.event.action.startsWith("impersonation.intent"));
    t.same(made.toSorted(), made, "ids stay in the order in which they were made");
    t.equal(new Set(ids).size, ids.length);
    for (const { event } of recordsOf(data, "impersonation.outcome"))
      t.ok(Number(Reflect.get(event, "duration")) < 60e9, "durations are what they were");
  },
);

t.test("row 21: an issuer's clock may be five seconds off, either way, and no second more", async (t) => {
  const app = await liveApp(t);
  const secret = "a secret that only the issuer and the gateway know";
  const { data, config } = frontFolder(
    t,
    frontConfig(app.origin).replace(
      /- insecureHeader: .*/,
      "- jwt: { header: x-assertion, secret: { fromEnv: FAULTS_SECRET }, algorithms: [HS256], user: { id: /sub, groups: /groups } }",
    ),
  );
  // The clock stands still, so that each of these is exact.
  const noon = Date.UTC(2030, 0, 1, 12) / 1_000;
  const { env, step } = fakeClock(data, { at: "2030-01-01 12:00:00" });
  const it = await serving(t, { data, config, env: { ...env, FAULTS_SECRET: secret } });
  let tokens = 0;
  const token = async (from: number, to: number) => ({
    "x-assertion": await new SignJWT({ groups: ["support"], jti: String(++tokens) })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("alice")
      .setNotBefore(noon + from)
      .setExpirationTime(noon + to)
      .sign(new TextEncoder().encode(secret)),
  });
  for (const [from, to, known] of [
    [0, 60, true],
    [5, 60, true],
    [6, 60, false],
    [-60, -4, true],
    [-60, -5, false],
  ] as const) {
    const start = await ask(`${it.url}/site/1`, { ...CLICK, ...(await token(from, to)) });
    t.equal(start.status, 200);
    t.equal(cookieOf(start) !== "", known, `from ${from} s to ${to} s: ${known ? "alice" : "nobody"}`);
  }

  const start = await ask(`${it.url}/site/1`, { ...CLICK, ...(await token(0, 600)) });
  const page = async () =>
    ask(`${it.url}/page`, {
      ...{ ...CLICK, "sec-fetch-site": "same-origin", cookie: cookieOf(start) },
      ...(await token(0, 600)),
    });
  step("2030-01-01 11:59:55");
  t.match(
    await page(),
    { status: 200, body: /guise-banner/ },
    "five seconds back, it goes on with a new token",
  );
  step("2030-01-01 11:59:54");
  const before = app.seen.length;
  t.match(await page(), { status: 401, body: /signed-out/ }, "six, and the token is one of the future");
  t.equal(app.seen.length, before, "which the app never sees as anybody");
  step("2030-01-01 12:00:00");
  t.match(await page(), { status: 200, body: /guise-banner/ }, "right again, it goes on");
  it.child.kill("SIGTERM");
  t.equal(await it.exited, 0);
});
