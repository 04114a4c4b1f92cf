import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Fault } from "../../errors.ts";
import { type Answer, leave, refuse } from "../http/raw-response.ts";
import { ownFault } from "../http/upstream-errors.ts";

type Upgrade = Pick<IncomingMessage, "method" | "httpVersion" | "headers">;

/** Whether a request asks for a WebSocket. Every other upgrade (`h2c`, …) is a plain request whose `Upgrade` is ignored. */
export function wantsWebSocket({ method, httpVersion, headers }: Upgrade): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    names(headers.upgrade, "websocket") &&
    names(headers.connection, "upgrade")
  );
}

function names(list: string | undefined, word: string): boolean {
  return list?.split(",").some((part) => part.trim().toLowerCase() === word) === true;
}

/**
 * For `http.createServer` (fastify: `http`): which requests leave HTTP. One that was sent behind another that has no answer yet
 * doesn't, so that the two are answered in order; the app then gets it as a plain GET.
 */
export const UPGRADE_OPTIONS = {
  shouldUpgradeCallback: (request: IncomingMessage): boolean =>
    wantsWebSocket(request) && !owesAnswer(request.socket),
} as const;

/** Node keeps the unanswered response of a connection there. It has no public name, and a counter would cost every request. */
function owesAnswer(socket: Duplex): boolean {
  return (Reflect.get(socket, "_httpMessage") ?? null) !== null;
}

/** Takes an upgrade over. Rejects (or throws) only while the socket is untouched. */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => Promise<void> | void;

export interface UpgradeOptions {
  /** How many may wait for `handle` at once; more are refused with `overloaded`. */
  readonly waiting: number;
  /** What the client of a refused upgrade reads; called once for each, also to write it to the log. */
  readonly answer: (fault: Fault, request: IncomingMessage) => Answer;
}

/**
 * Hands every WebSocket upgrade of a server made with `UPGRADE_OPTIONS` to `handle`. Sockets may break at any time from here
 * on and end no process; their holder hears of it by their `close`. CONNECT is refused.
 */
export function attachUpgrades(server: Server, handle: UpgradeHandler, options: UpgradeOptions): void {
  let deciding = 0;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", leave);
    if (owesAnswer(socket)) {
      socket.destroy();
      return;
    }
    const fault = deciding >= options.waiting ? tooMany(options.waiting) : malformed(request);
    if (fault !== null || !(socket instanceof Socket)) {
      refuse(socket, options.answer(fault ?? new Fault("bad-request", "an upgrade has a body"), request));
      return;
    }
    deciding += 1;
    Promise.try(handle, request, socket, head)
      .catch((error: unknown) => refuse(socket, options.answer(ownFault(error), request)))
      .finally(() => {
        deciding -= 1;
      });
  });
  server.on("connect", (request: IncomingMessage, socket: Duplex) => {
    socket.on("error", leave);
    refuse(socket, options.answer(new Fault("bad-method", "CONNECT asks for a tunnel"), request));
  });
}

function tooMany(waiting: number): Fault {
  return new Fault("overloaded", `${waiting} upgrades are being decided already`);
}

/**
 * A body before the switch is read in two ways: as a body, or as the first bytes of the new protocol. A length of 0, which some clients
 * send with every request, is no body.
 */
function malformed(request: IncomingMessage): Fault | null {
  const { headers } = request;
  if ((headers["content-length"] ?? "0") !== "0" || headers["transfer-encoding"] !== undefined) {
    return new Fault("bad-request", "an upgrade has a body");
  }
  return wantsWebSocket(request) ? null : new Fault("bad-request", "the upgrade is none to a WebSocket");
}
