import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import t from "tap";
import { liveApp } from "../../fixtures/apps/live-app.ts";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { ask } from "../../fixtures/client/named.ts";
import { raw } from "../../fixtures/client/raw.ts";
import { front, impersonating, lines, recordsOf } from "../../fixtures/gateway/front.ts";

/** `GUISE_FAULTS=1` makes as many rounds as the fault matrix asks for. */
const ROUNDS = process.env.GUISE_FAULTS === undefined ? 300 : 10_000;

async function gauge(adminUrl: string, name: string): Promise<number> {
  const { body } = await ask(`${adminUrl}/metrics`);
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(body)?.[1]);
}

t.test("row 17: a client that leaves takes its request along, and the record says so", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const alice = await impersonating(it.url);
  const head = `GET /held HTTP/1.1\r\nHost: localhost:${it.port}\r\n${lines(alice)}\r\n`;
  for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
    const client = await raw(t, it.port);
    client.send(head);
    await app.holding(1);
    const [waiting] = (app.held as (typeof app.held)[number][]).splice(0);
    const gone = new Promise((resolve) => waiting?.req.once("close", resolve));
    client.socket[leave]();
    await gone;
  }
  const during = await raw(t, it.port);
  during.send(head.replace("/held", "/events"));
  await during.until("data: one");
  const stream = app.seen.at(-1);
  const gone = new Promise((resolve) => stream?.socket.once("close", resolve));
  during.reset();
  await gone;
  await it.close();
  const endings = recordsOf(it.data, "impersonation.outcome")
    .filter((line) => line.url?.path === "/held" || line.url?.path === "/events")
    .map((line) => [line.guise.ending, line.http?.response?.status_code ?? null]);
  t.same(endings, [
    ["client-aborted", null],
    ["client-aborted", null],
    ["client-aborted", null],
    ["client-aborted", 200],
  ]);
});

t.test(`row 17: ${ROUNDS} clients that leave at any moment leave nothing behind`, async (t) => {
  const app = await httpApp(t, (incoming, response) => {
    response.write("begun");
    const timer = setTimeout(() => response.end("done"), 5);
    incoming.once("close", () => clearTimeout(timer));
  });
  const it = await front(t, app.origin);
  const alice = await impersonating(it.url);
  const head = `GET /page HTTP/1.1\r\nHost: localhost:${it.port}\r\n${lines(alice)}\r\n`;
  const round = async (n: number): Promise<void> => {
    const socket = connect({ port: it.port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write(n % 4 === 0 ? head.slice(0, 40) : head);
    if (n % 4 === 1) await once(socket, "data").catch(() => undefined);
    if (n % 4 === 2) await new Promise((resolve) => setTimeout(resolve, 12));
    const closed = once(socket, "close").catch(() => undefined);
    if (n % 2 === 0) socket.destroy();
    else socket.resetAndDestroy();
    await closed;
  };
  for (let n = 0; n < ROUNDS; n += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => round(n + k)));
  while ((await gauge(it.gateway.adminUrl, "guise_open_sockets")) > 0) await ask(`${it.url}/.guise/me`);
  while ((await gauge(it.gateway.adminUrl, "guise_audit_open_intents")) > 0) await ask(`${it.url}/.guise/me`);
  const { status, body } = await ask(`${it.url}/page`, alice);
  t.match({ status, body }, { status: 200, body: "begundone" }, "and the next one is served");
  await it.close();
  const intents = recordsOf(it.data, "impersonation.intent");
  t.ok(intents.length > ROUNDS / 4);
  t.equal(recordsOf(it.data, "impersonation.outcome").length, intents.length);
});

const SLOW = "timeouts: { requestHeaders: 1s, requestIdle: 1s }\nlimits: { uploadRate: 1kB }\n";

t.test(
  "row 19, DOS-01: slow headers and slow bodies are cut by their limits, and nobody else waits for them",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, `{ url: "${app.origin}", connections: 16 }`, SLOW);
    const alice = await impersonating(it.url);
    const bob = await impersonating(it.url, "2", { "x-user": "bob", "x-groups": "support" });
    const slow: {
      readonly socket: Socket;
      readonly text: () => string;
      readonly closed: Promise<unknown>;
    }[] = [];
    const open = async (bytes: string) => {
      const client = await raw(t, it.port);
      client.send(bytes);
      slow.push({ socket: client.socket, text: client.text, closed: client.closed });
    };
    const host = `Host: localhost:${it.port}\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
    // From the first on, so that none has been given up before the last is open.
    const dribble = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write("x");
    }, 100);
    t.teardown(() => clearInterval(dribble));
    for (let n = 0; n < 100; n += 1) {
      await open(`GET / HTTP/1.1\r\n${host}X-Slow: `);
      await open(`POST /held HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\nx`);
      await open(`POST /.guise/stop HTTP/1.1\r\n${host}${lines(bob)}Content-Length: 5000\r\n\r\nx`);
      // A form's body is looked into before it is judged; more of them than one impersonation may have are refused at once.
      await open(`POST /page HTTP/1.1\r\n${host}${lines(bob)}Content-Length: 100000\r\n\r\nx`);
    }
    const everybody = Promise.all(slow.map(({ closed }) => closed));
    let served = 0;
    let over = false;
    void everybody.then(() => {
      over = true;
    });
    while (!over) {
      const answers = await Promise.all([ask(`${it.url}/page`), ask(`${it.url}/other`, alice)]);
      if (answers.some(({ status }) => status !== 200)) t.fail("somebody else had to wait");
      served += answers.length;
    }
    t.ok(served > 0, `${served} others were served meanwhile`);
    const said = (at: number) =>
      new Set(slow.filter((_, n) => n % 4 === at).map(({ text }) => text().slice(0, 12)));
    t.same([...said(0)], ["HTTP/1.1 408"], "headers");
    t.match([...said(1)].join(), /^HTTP\/1\.1 408/, "bodies for the app, those that found a place there");
    t.same([...said(2)], ["HTTP/1.1 408"], "bodies for a page of ours");
    t.same([...said(3)].sort(), ["HTTP/1.1 408", "HTTP/1.1 503"], "bodies that are judged");
  },
);

t.test(
  "limits.perImpersonation: one impersonation can't take all there is, and Stop still works",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, app.origin, "limits: { perImpersonation: 3 }\n");
    const alice = await impersonating(it.url);
    const bob = await impersonating(it.url, "2", { "x-user": "bob", "x-groups": "support" });
    const held = Array.from({ length: 3 }, () => request(`${it.url}/held`, { headers: alice }).end());
    await app.holding(3);
    const script = await ask(`${it.url}/held`, alice);
    t.match(JSON.parse(script.body), { status: 503, code: "overloaded" });
    t.equal((await ask(`${it.url}/page`, bob)).status, 200, "another impersonation is served");
    t.equal((await ask(`${it.url}/page`)).status, 200, "and everybody's own traffic");
    t.equal((await ask(`${it.url}/.guise/stop`, alice)).status, 200, "Stop is there");
    const answered = held.map((it) => once(it, "response"));
    for (const response of app.held) response.end("done");
    for (const [response] of await Promise.all(answered)) await once(response.resume(), "close");
    t.equal((await ask(`${it.url}/page`, alice)).status, 200, "and with room again it goes on");
    await it.close();
    const intents = recordsOf(it.data, "impersonation.intent").filter((line) => line.url?.path === "/held");
    t.equal(intents.length, 3, "what was refused is no intent");
  },
);
