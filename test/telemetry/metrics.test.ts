import { readFileSync } from "node:fs";
import t from "tap";
import { metrics } from "../../src/telemetry/metrics.ts";

t.test("decisions are counted by reason word and kind", async (t) => {
  const it = metrics();
  it.decided("started", "forward");
  it.decided("started", "forward");
  it.decided("read-only", "refuse");
  const text = await it.text();
  t.match(text, 'guise_decisions_total{reason="started",kind="forward"} 2');
  t.match(text, 'guise_decisions_total{reason="read-only",kind="refuse"} 1');
  t.match(it.contentType, /^text\/plain/);
});

t.test("forwarded requests are timed by whom they ran as and how they ended", async (t) => {
  const it = metrics();
  it.forwarded("self", "success", 0.004, null);
  it.forwarded("self", "success", 3, null);
  it.forwarded("effective", "client-aborted", 0.5, null);
  it.forwarded("self", "success", 3, "wiki");
  const text = await it.text();
  t.match(text, 'guise_request_seconds_bucket{le="0.005",as="self",ending="success"} 1');
  t.match(text, 'guise_request_seconds_count{as="self",ending="success"} 2');
  t.match(text, 'guise_request_seconds_count{as="effective",ending="client-aborted"} 1');
  t.match(text, 'guise_request_seconds_count{as="self",ending="success",app="wiki"} 1');
});

t.test("a broken invariant is told by its name", async (t) => {
  const it = metrics();
  it.violated("one-decision");
  t.match(await it.text(), 'guise_invariant_violations_total{invariant="one-decision"} 1');
});

t.test("a watched number is read when somebody asks", async (t) => {
  const it = metrics();
  let open = 1;
  it.watch("guise_test_open", "Open things.", () => open);
  t.match(await it.text(), /^guise_test_open 1$/m);
  open = 7;
  t.match(await it.text(), /^guise_test_open 7$/m);
});

t.test("of several those that are not given any more are gone", async (t) => {
  const it = metrics();
  let sinks = ["redis", 'we"b'];
  it.watchEach("guise_test_lag", "Lag.", ["sink"], () =>
    sinks.map((sink, at) => ({ labels: [sink], value: at })),
  );
  t.match(await it.text(), /guise_test_lag\{sink="redis"\} 0\nguise_test_lag\{sink="we\\"b"\} 1/);
  sinks = ["redis"];
  t.notMatch(await it.text(), /we\\"b/);
});

t.test("times are counted in the buckets of a disk", async (t) => {
  const it = metrics();
  const took = it.times("guise_test_seconds", "Time.");
  took(0.0007);
  took(0.3);
  const text = await it.text();
  t.match(text, 'guise_test_seconds_bucket{le="0.001"} 1');
  t.match(text, "guise_test_seconds_count 2");
});

t.test("two of them count apart", async (t) => {
  const [a, b] = [metrics(), metrics()];
  a.decided("started", "forward");
  t.notMatch(await b.text(), 'reason="started"');
});

t.test("every name of ours is in the docs", async (t) => {
  const docs = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const names = (await metrics().text()).match(/^# TYPE (guise_\w+)/gm)?.map((line) => line.slice(7)) ?? [];
  t.ok(names.length >= 3);
  for (const name of names) t.match(docs, name);
});
