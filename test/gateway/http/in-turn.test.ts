import { EventEmitter, once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate, setTimeout } from "node:timers/promises";
import t from "tap";
import { inTurn } from "../../../src/gateway/http/in-turn.ts";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw } from "../../fixtures/client/raw.ts";
import { front, impersonating } from "../../fixtures/gateway/front.ts";

const lines = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");

t.test("what is sent one behind the other reaches the app one behind the other", async (t) => {
  const said: string[] = [];
  const app = await httpApp(t, async (request, response) => {
    const name = `${request.method} ${request.url}`;
    said.push(`${name} begins`);
    for await (const _ of request);
    // The later, the sooner.
    for (let turns = 20 - 4 * said.length; turns > 0; turns -= 1) await setImmediate();
    said.push(`${name} ends`);
    response.end(name);
  });
  const { port, url } = await front(t, app.origin);
  const own = `Host: a\r\n`;
  const agents = `Host: ${new URL(url).host}\r\n${lines(await impersonating(url))}`;
  for (const [who, headers] of Object.entries({ own, agents })) {
    said.length = 0;
    const text = await converse(
      t,
      port,
      [
        `GET /list HTTP/1.1\r\n${headers}\r\n`,
        `HEAD /a HTTP/1.1\r\n${headers}\r\n`,
        `GET /a HTTP/1.1\r\n${headers}\r\n`,
        `GET /b HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`,
      ].join(""),
    );
    t.match(text, /GET \/list[\s\S]*GET \/a[\s\S]*GET \/b$/, who);
    const order = ["GET /list", "HEAD /a", "GET /a", "GET /b"];
    t.same(
      said,
      order.flatMap((it) => [`${it} begins`, `${it} ends`]),
      who,
    );
  }
});

t.test("a change is there for what is asked behind it", async (t) => {
  let saved = "old";
  const app = await httpApp(t, async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    await setImmediate();
    if (request.method === "PUT") saved = body;
    response.end(saved);
  });
  const { port } = await front(t, app.origin);
  const put = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nnew";
  const text = await converse(t, port, `${put}GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  t.match(text, /\r\n\r\nnewHTTP[\s\S]*\r\n\r\nnew$/);
});

t.test("of a client that has left, nothing more reaches the app", async (t) => {
  const urls: string[] = [];
  const app = await httpApp(t, (request) => void urls.push(request.url ?? ""));
  const { port } = await front(t, app.origin);
  const client = await raw(t, port);
  client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nDELETE /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  while (urls.length === 0) await setImmediate();
  const left = once(app.server, "connection");
  client.socket.destroy();
  // Another client's request comes after all that is left of the first one.
  const other = await raw(t, port);
  other.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  await left;
  while (urls.length < 2) await setImmediate();
  t.same(urls, ["/1", "/3"]);
});

t.test("an agent's request is judged by the time of its turn", async (t) => {
  const release = Promise.withResolvers<void>();
  const app = await httpApp(t, async (request, response) => {
    if (request.url === "/slow") await release.promise;
    response.setHeader("x-impersonation", String(request.headers["x-guise-impersonation"] ?? ""));
    response.end();
  });
  const { port, url } = await front(t, app.origin);
  const agent = await impersonating(url);
  const headers = `Host: ${new URL(url).host}\r\n${lines(agent)}`;
  const client = await raw(t, port);
  client.send(`GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  const stopped = await converse(
    t,
    port,
    `POST /.guise/stop HTTP/1.1\r\n${headers}Origin: ${url}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-User: ?1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  t.match(stopped, /^HTTP\/1\.1 303 /);
  release.resolve();
  const { text } = await client.closed;
  t.match(text, /HTTP\/1\.1 409 [\s\S]*ended-by-agent/);
});

t.test("a head that isn't read on meanwhile has no time to come within", async (t) => {
  const release = Promise.withResolvers<void>();
  const app = await httpApp(t, async (request, response) => {
    if (request.url === "/slow") await release.promise;
    response.end(request.url);
  });
  const { port } = await front(t, app.origin, "timeouts: { requestHeaders: 200ms }\n");
  const client = await raw(t, port);
  const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: a\r\n`;
  client.send(`${get("/slow")}\r\n${`${get("/a")}\r\n`.repeat(70)}${get("/last")}`);
  // Node looks once a second.
  await setTimeout(2_500);
  release.resolve();
  client.send("Connection: close\r\n\r\n");
  const { text } = await client.closed;
  t.equal(text.match(/\r\n\r\n\/a/g)?.length, 70);
  t.match(text, /\r\n\r\n\/last$/);
});

class Peer extends EventEmitter {
  paused = false;
  pause() {
    this.paused = true;
  }
  resume() {
    this.paused = false;
  }
}

t.test("a connection on which very many wait is not read on until there are fewer", async (t) => {
  const socket = new Peer();
  const gone: number[] = [];
  const waiting = Array.from({ length: 70 }, (_, nth) => {
    const response = Object.assign(new EventEmitter(), { socket: null });
    inTurn({ socket } as unknown as IncomingMessage, response as unknown as ServerResponse, () => {
      gone.push(nth);
    });
    t.equal(socket.paused, nth >= 63, String(nth));
    return response;
  });
  for (const [nth, response] of waiting.entries()) {
    response.emit("socket");
    t.equal(socket.paused, nth < 6, String(nth));
  }
  await setImmediate();
  t.same(gone, [...waiting.keys()]);
});
