import { once } from "node:events";
import type { Socket } from "node:net";
import t, { type Test } from "tap";
import { appAt } from "../../src/config/apps.ts";
import type { Settings } from "../../src/config/snapshot.ts";
import type { Fault } from "../../src/errors.ts";
import type { Exchange, Settlement } from "../../src/gateway/http/exchange.ts";
import { Upstreams } from "../../src/gateway/upstreams.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { call } from "../fixtures/client/request.ts";
import { snapshotOf } from "../fixtures/gateway/test-services.ts";

function settingsOf(origin: string, more = ""): Settings {
  return snapshotOf(
    `upstream: ${origin}\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n${more}`,
  ).settings;
}

/** An app that says its name. */
async function named(t: Test, name: string) {
  return await httpApp(t, (_request, response) => response.end(name));
}

interface Sent {
  readonly exchange: Exchange;
  /** What became of it; the body is what the client got. */
  readonly done: Promise<{ readonly text: string; readonly settlement: Settlement }>;
  readonly faults: readonly Fault[];
}

async function exchangeTo(target: string): Promise<Sent> {
  const { raw, response, answered } = await call(`GET ${target}`);
  const faults: Fault[] = [];
  const settling = Promise.withResolvers<Settlement>();
  const exchange: Exchange = {
    method: "GET",
    target,
    headers: ["Host", "app"],
    client: { request: raw, response },
    body: null,
    respond: (head) => ({ ...head, transform: null }),
    failed: (fault) => {
      faults.push(fault);
      response.writeHead(fault.status).end();
    },
    settled: (settlement) => settling.resolve(settlement),
    signal: null,
  };
  const done = settling.promise.then((settlement) => ({ text: answered(), settlement }));
  return { exchange, done, faults };
}

function open(t: Test): { readonly way: Upstreams; readonly errors: readonly unknown[] } {
  const errors: unknown[] = [];
  const way = new Upstreams((error) => void errors.push(error));
  t.teardown(() => way.close());
  return { way, errors };
}

t.test("each exchange goes the way that its config says", async (t) => {
  const [one, two] = [await named(t, "one"), await named(t, "two")];
  const { way } = open(t);
  const sent = await exchangeTo("/a");
  way.sending(sent.exchange, settingsOf(one.origin))();
  t.match((await sent.done).text, /one$/);
  const next = await exchangeTo("/b");
  way.sending(next.exchange, settingsOf(two.origin))();
  t.match((await next.done).text, /two$/);
});

t.test("one that came under the old config still goes there when another is in use", async (t) => {
  const [one, two] = [await named(t, "one"), await named(t, "two")];
  const { way, errors } = open(t);
  const [before, after, late] = [await exchangeTo("/a"), await exchangeTo("/b"), await exchangeTo("/c")];
  const sending = [
    way.sending(before.exchange, settingsOf(one.origin)),
    way.sending(after.exchange, settingsOf(two.origin)),
    way.sending(late.exchange, settingsOf(one.origin)),
  ];
  for (const send of sending) send();
  t.match((await before.done).text, /one$/);
  t.match((await after.done).text, /two$/);
  t.match((await late.done).text, /one$/);
  t.same([before.faults, after.faults, late.faults, errors], [[], [], [], []]);
});

t.test("a way that was replaced finishes what is on it", async (t) => {
  const answering = Promise.withResolvers<() => void>();
  const slow = await httpApp(t, (_request, response) => answering.resolve(() => response.end("slow")));
  const fast = await named(t, "fast");
  const { way } = open(t);
  const [old, young] = [await exchangeTo("/a"), await exchangeTo("/b")];
  way.sending(old.exchange, settingsOf(slow.origin))();
  const answer = await answering.promise;
  way.sending(young.exchange, settingsOf(fast.origin))();
  t.match((await young.done).text, /fast$/);
  answer();
  t.match((await old.done).text, /slow$/);
});

t.test(
  "a config that says nothing new of the app keeps its way; another address or limit is another way",
  async (t) => {
    const { way } = open(t);
    const tunnel = (more = "", origin = "http://127.0.0.1:1") => way.tunnel(settingsOf(origin, more));
    const first = tunnel();
    t.equal(tunnel("prefix: /_g\n"), first);
    t.equal(tunnel("page: { clearSiteData: false }\n"), first);
    t.not(tunnel("timeouts: { answer: 1s }\n"), first);
    t.not(tunnel("", "http://127.0.0.1:2"), first);
  },
);

/** The settings of one app of two. */
function ofApps(one: string, two: string, app: "one" | "two"): Settings {
  const snapshot = snapshotOf(
    `identity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\napps: { one: { hosts: [one.test], upstream: ${one} }, two: { hosts: [two.test], upstream: ${two} } }\n`,
  );
  const found = appAt(snapshot, `${app}.test`, "/");
  if (found === null) throw new RangeError(app);
  return found.settings;
}

t.test(
  "the ways to two apps stay beside each other; that of an app which is gone ends with its last request",
  async (t) => {
    const [one, two] = [await named(t, "one"), await named(t, "two")];
    const closed = Promise.withResolvers<void>();
    two.server.on("connection", (socket: Socket) => socket.once("close", () => closed.resolve()));
    const { way, errors } = open(t);
    const tunnels = () =>
      (["one", "two"] as const).map((app) => way.tunnel(ofApps(one.origin, two.origin, app)));
    const before = tunnels();
    t.not(before[0], before[1]);
    t.strictSame(tunnels(), before, "using one doesn't end the other");
    const [first, late] = [await exchangeTo("/a"), await exchangeTo("/b")];
    way.sending(first.exchange, ofApps(one.origin, two.origin, "two"))();
    t.match((await first.done).text, /two$/);
    const send = way.sending(late.exchange, ofApps(one.origin, two.origin, "two"));
    way.keep(["one"]);
    send();
    t.match((await late.done).text, /two$/, "it came before");
    await closed.promise;
    t.equal(tunnels()[0], before[0]);
    t.same(errors, []);
  },
);

t.test("closing waits for what is on its way, and then holds no connection", async (t) => {
  const answering = Promise.withResolvers<() => void>();
  const app = await httpApp(t, (_request, response) => answering.resolve(() => response.end("done")));
  const sockets: Socket[] = [];
  app.server.on("connection", (socket: Socket) => void sockets.push(socket));
  const { way } = open(t);
  const sent = await exchangeTo("/");
  way.sending(sent.exchange, settingsOf(app.origin))();
  const answer = await answering.promise;
  const closing = way.close();
  answer();
  await closing;
  t.match((await sent.done).text, /done$/);
  for (const socket of sockets) if (!socket.closed) await once(socket, "close");
  t.equal(sockets.length, 1);
});
