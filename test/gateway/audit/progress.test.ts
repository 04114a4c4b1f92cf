import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { mock } from "node:test";
import t, { type Test } from "tap";
import { WebSocket, WebSocketServer } from "ws";
import { progress } from "../../../src/gateway/audit/progress.ts";
import {
  ALICE as ALICE_HEADERS,
  ask,
  CLICK as CLICK_HEADERS,
  cookieOf,
  named,
} from "../../fixtures/client/named.ts";
import { stack } from "../../fixtures/gateway/stack.ts";
import { ALICE, FETCH, impersonate, signed } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";
import { journalOf, type Kept } from "../../fixtures/journal/journal.ts";

function ownTime(t: Test) {
  mock.timers.enable({ apis: ["setInterval"] });
  t.teardown(() => mock.timers.reset());
  return (ms: number) => mock.timers.tick(ms);
}

t.test("each minute has its record, which names the intent and what was carried so far", async (t) => {
  const pass = ownTime(t);
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /events", ...FETCH, ...ALICE, cookie]);
  const going = progress(it.services, request, { lost: () => t.fail("nothing was lost") });
  pass(60_000);
  let bytes = 0;
  going?.opened(200, () => ({ requestBytes: 1, responseBytes: bytes }));
  bytes = 500;
  pass(60_000);
  going?.stop();
  pass(600_000);
  t.match(it.events, [
    { action: "impersonation.intent" },
    { action: "impersonation.progress", response: { status: null, bytes: 0, ending: null } },
    {
      action: "impersonation.progress",
      outcome: "unknown",
      intent: request.effects.intent ?? "",
      effectiveUser: { id: "17" },
      request: { bytes: 1 },
      response: { status: 200, bytes: 500, ending: null },
    },
  ]);
  t.equal(it.events.length, 3);
});

t.test("what can't be recorded any more is told, so that it can be cut", async (t) => {
  const pass = ownTime(t);
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /events", ...FETCH, ...ALICE, cookie]);
  it.refuseRecords(({ action }) => action === "impersonation.progress");
  const lost = Promise.withResolvers<void>();
  const going = progress(it.services, request, { lost: lost.resolve });
  pass(60_000);
  await t.resolves(lost.promise);
  going?.stop();
});

t.test("own traffic has none", async (t) => {
  const it = await testServices(t);
  const request = await signed(it, ["GET /events", ...FETCH]);
  t.equal(progress(it.services, request, { lost: () => undefined }), null);
});

t.test("a socket and an event stream: opened, a record a minute, closed", async (t) => {
  const pass = ownTime(t);
  const app = await streaming(t);
  const it = await stack({
    edit: (yaml) => named(yaml).replace(/^upstream: .*$/m, `upstream: ${app.url}`),
  });
  t.teardown(() => it.close());
  const cookie = cookieOf(await ask(`${it.url}/site/9421/overview`, { ...CLICK_HEADERS, ...ALICE_HEADERS }));

  const events = get(`${it.url}/events`, { headers: { ...ALICE_HEADERS, cookie } });
  const [answer] = await once(events, "response");
  await once(answer, "data");
  const socket = new WebSocket(`${it.url.replace("http", "ws")}/ws`, {
    headers: { ...ALICE_HEADERS, cookie, origin: it.url },
  });
  await once(socket, "message");
  pass(60_000);
  pass(60_000);
  const closed = once(socket, "close");
  socket.close();
  await closed;
  answer.destroy();
  await app.left;
  mock.timers.reset();
  await it.gateway.close();

  const records = await journalOf(it.data);
  for (const [path, status] of [
    ["/events", 200],
    ["/ws", 101],
  ] as const) {
    const of = records.filter((record) => record.url?.path === path);
    t.strictSame(
      of.map((record) => record.event.action.replace("impersonation.", "")),
      ["intent", "progress", "progress", "outcome"],
      path,
    );
    const intent = of[0]?.event.id;
    t.ok(of.slice(1).every((record: Kept) => record.guise.intent === intent));
    t.match(of[1], { event: { outcome: "unknown" }, http: { response: { status_code: status } } });
    t.ok((of[1]?.http?.response?.bytes ?? 0) > 0, "with what was carried");
  }
});

/** An app with an event stream at `/events` and a WebSocket everywhere; `left`: the stream's client has gone. */
async function streaming(t: Test) {
  const left = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.url !== "/events") {
      response.end("ok");
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    response.once("close", left.resolve);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.send("hello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, left: left.promise };
}
