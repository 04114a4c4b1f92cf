import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type WebSocket, WebSocketServer } from "ws";
import type { Person } from "./data.ts";
import { SESSION_SECONDS, type Session } from "./sessions.ts";
import { TICK_EVERY, tickOf } from "./ticks.ts";
import { assertionOf, type Deps, SESSION_COOKIE, sessionFor, sessionOf } from "./visit.ts";

/** Who opens a socket: the same question as for a page, asked before the answer to the upgrade. */
async function visitorOf(
  app: FastifyInstance,
  deps: Deps,
  request: IncomingMessage,
): Promise<{ readonly person: Person; readonly session: Session } | null> {
  const now = Date.now();
  const cookies = app.parseCookie(request.headers.cookie ?? "");
  const assertion = await assertionOf(deps, request.headers);
  if (assertion === "bad") return null;
  const session =
    assertion === "absent" ? sessionOf(deps, cookies, now) : sessionFor(deps, cookies, assertion.sub, now);
  const person = deps.data.people.get(session?.userId ?? "");
  return session === null || person === undefined ? null : { person, session };
}

function refuse(socket: Duplex, status: 401 | 404 | 503, words: string): void {
  const body = `${JSON.stringify({ error: words.toLowerCase() })}\n`;
  const head = `HTTP/1.1 ${status} ${words}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(head + body);
}

function talk(deps: Deps, person: Person, socket: WebSocket): void {
  const say = (message: object) => socket.send(JSON.stringify(message));
  let number = 0;
  const tick = () => {
    const next = tickOf(deps.data, person.id, number);
    number += 1;
    if (next !== null) say(next);
  };
  say({ kind: "hello", user: { id: person.id, name: person.name } });
  tick();
  const timer = setInterval(tick, TICK_EVERY);
  timer.unref();
  socket.on("message", (data, isBinary) => {
    if (isBinary) socket.send(data);
    else say({ kind: "echo", text: data.toString() });
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => clearInterval(timer));
}

/**
 * `/ws/live`: says hello, a tick every second, and every text message back as an echo (binary ones byte for byte).
 * Who isn't signed in gets a 401 instead of the upgrade. The sockets end with the app.
 */
export function liveSocket(app: FastifyInstance, deps: Deps): void {
  const sockets = new WebSocketServer({ noServer: true, clientTracking: true, maxPayload: 1024 * 1024 });
  const renewals = new WeakMap<IncomingMessage, string>();
  sockets.on("headers", (headers, request) => {
    const cookie = renewals.get(request);
    if (cookie !== undefined) headers.push(`set-cookie: ${cookie}`);
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (request.url?.split("?")[0] !== "/ws/live") return refuse(socket, 404, "Not Found");
    const visitor = await visitorOf(app, deps, request);
    if (visitor === null) return refuse(socket, 401, "Unauthorized");
    const renewal = { name: SESSION_COOKIE, value: visitor.session.id, path: "/", sameSite: "lax" } as const;
    const { name, value, ...options } = { ...renewal, httpOnly: true, maxAge: SESSION_SECONDS };
    renewals.set(request, app.serializeCookie(name, value, options));
    sockets.handleUpgrade(request, socket, head, (opened) => talk(deps, visitor.person, opened));
  }

  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      app.log.error({ err: error }, "A live socket could not be opened");
      refuse(socket, 503, "Service Unavailable");
    });
  });
  app.addHook("preClose", async function endSockets() {
    for (const socket of sockets.clients) socket.terminate();
  });
}
