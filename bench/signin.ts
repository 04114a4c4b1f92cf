// Time from the click to the customer's page, by steps beside headers, in one run:   node bench/signin.ts

import { loginApp } from "../test/fixtures/apps/login-app.ts";
import { frontConfig, frontOf, pressStop } from "../test/fixtures/gateway/front.ts";
import { BY_FORM, signedInFront, type Visit, visit } from "../test/fixtures/gateway/signed-in-front.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 30);
const PARALLEL = 40;

const closing: (() => unknown)[] = [];
const bench = { teardown: (close: () => unknown) => closing.push(close) };

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

/** One agent who clicks on a ticket, looks at another page, and stops. */
async function clicks(url: string): Promise<{ readonly cold: number; readonly warm: number }> {
  let alice: Visit | null = null;
  const cold = await timed(async () => {
    alice = await visit(url);
    const { status, body } = alice.first;
    if (!body.includes("guise-banner")) throw new Error(`the page was not shown: ${status}`);
  });
  const known = alice as unknown as Visit;
  const warm = await timed(() => known.open("/site/1/another"));
  await pressStop(url, known.headers);
  return { cold, warm };
}

const app = await loginApp(bench);
app.faults.openToGuests = true;
/** One agent starts more often than people do. */
const OFTEN = "limits: { startsPerHour: 1000 }\n";
const bySteps = await signedInFront(bench, app, BY_FORM, OFTEN);
const byHeaders = await frontOf(bench, frontConfig(app.origin, OFTEN));
const steps: { cold: number; warm: number }[] = [];
const headers: { cold: number; warm: number }[] = [];
for (let round = -3; round < ROUNDS; round += 1) {
  const [one, other] = [await clicks(bySteps.url), await clicks(byHeaders.url)];
  // The first ones warm the process up.
  if (round < 0) continue;
  steps.push(one);
  headers.push(other);
}
const all = (runs: typeof steps, what: "cold" | "warm") => median(runs.map((it) => it[what]));
for (const what of ["cold", "warm"] as const)
  process.stdout.write(
    `${what}: steps ${all(steps, what).toFixed(1)} ms, headers ${all(headers, what).toFixed(1)} ms, ratio ${(all(steps, what) / all(headers, what)).toFixed(2)}\n`,
  );

const counts = { served: 0, again: 0, refused: 0, somebodyElse: 0 };
const alice = await visit(bySteps.url);
for (let round = 0; round < 10; round += 1) {
  app.sessions.clear();
  const answers = await Promise.all(
    Array.from({ length: PARALLEL }, (_, n) => alice.fetch(`/api/me?n=${round}-${n}`)),
  );
  for (const { status, body } of answers) {
    if (status === 307) counts.again += 1;
    else if (status !== 200) counts.refused += 1;
    else if ((JSON.parse(body) as { id: string }).id === "17") counts.served += 1;
    else counts.somebodyElse += 1;
  }
}
process.stdout.write(
  `${PARALLEL} requests at once while the session is made anew, 10 times: ${JSON.stringify(counts)}\n`,
);
for (const close of closing.toReversed()) await close();
