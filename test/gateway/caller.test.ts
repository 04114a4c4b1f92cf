import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import t, { type Test } from "tap";
import { callerOf } from "../../src/gateway/caller.ts";
import type { Received } from "../../src/gateway/request.ts";
import { diagnostics } from "../../src/gateway/services/diagnostics.ts";
import type { Services } from "../../src/gateway/services/services.ts";
import type { Evidence } from "../../src/ports.ts";
import { signIns } from "../../src/sessions/sign-ins.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { fakeLog } from "../fixtures/log.ts";
import { entrySchema } from "../identity/deps.ts";

/** The caller of a request that came with these header lines, known by a plain header from the loopback. */
async function caller(t: Test, lines: readonly string[], more: object = {}) {
  const log = fakeLog();
  const nobody = () => Promise.reject(new Error("nobody is asked"));
  const http = { get: nobody, post: nobody };
  const entry = { insecureHeader: { name: "X-User", groups: "X-Groups", from: ["127.0.0.1"] } };
  const deps = { clock: fakeClock(), log, http, secret: () => "", signIns: signIns(fakeClock()) };
  const identity = entrySchema.parse(entry).create(deps);
  const server = createServer((_request, response) => response.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  socket.write(`GET / HTTP/1.1\r\nHost: app\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
  const [raw] = (await once(server, "request")) as [IncomingMessage];
  const site = { host: "app", lent: null };
  const url = { ours: false };
  const received = { raw, site, url, browser: { cookies: null }, id: "1", snapshot: { identity }, ...more };
  const counted: string[] = [];
  const counters = {
    unrecognised: (source: string, cause: string) => void counted.push(`${source} ${cause}`),
  };
  const services = { log, counters, clock: fakeClock(), diagnostics: diagnostics(log) };
  const found = await callerOf(services as unknown as Services, received as unknown as Received);
  return { caller: found.who, counted, log: log.lines };
}

t.test("a source sees a header as it came", async (t) => {
  const alice = { kind: "known", identity: { id: "alice", groups: ["customer"] } };
  const known = await caller(t, ["X-User: alice", "X-Groups: customer"]);
  t.match(known, { caller: alice, counted: { length: 0 }, log: { length: 0 } });
});

t.test("what a client puts in front of a proxy's header is never mixed with it", async (t) => {
  const groups = ["X-User: alice", "X-Groups: support", "X-Groups: customer"];
  t.strictSame((await caller(t, groups)).caller, { kind: "unknown" });
  t.strictSame((await caller(t, ["X-User: admin", "x-user: alice"])).caller, { kind: "unknown" });
});

t.test("why nobody is known is counted and said, with the source and what it got", async (t) => {
  t.match(await caller(t, ["X-User: admin", "X-User: alice"]), {
    counted: ["insecureHeader header-twice"],
    log: [/^warn: /, "warn: identity insecureHeader: the caller is not known: a header came twice"],
  });
  t.match(await caller(t, ["X-Other: 1"]), {
    counted: ["insecureHeader no-header"],
    log: ["debug: identity insecureHeader: the caller is not known: no header x-user"],
  });
});

t.test(
  "on a label's host a source sees what the agent came with to the app's, and nothing else",
  async (t) => {
    const seen: Evidence[] = [];
    const identity = {
      identify: (evidence: Evidence) => {
        seen.push(evidence);
        return { kind: "unknown", why: [] };
      },
    };
    const headers = { "x-token": ["t"], cookie: ["app=1; sid=2"] };
    const lent = { headers, cookies: { app: "1", sid: "2" }, peer: "10.0.0.1", host: "shop" };
    await caller(t, ["X-User: mallory", "Cookie: app=9"], { site: { lent }, snapshot: { identity } });
    t.strictSame(seen, [lent]);
    const none = { ...lent, headers: { "x-token": ["t"] }, cookies: {} };
    await caller(t, ["X-User: mallory", "Cookie: app=9"], { site: { lent: none }, snapshot: { identity } });
    t.strictSame(seen[1], none);
  },
);
