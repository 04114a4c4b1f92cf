import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Settings } from "../config/snapshot.ts";
import { Fault, type FaultCode } from "../errors.ts";
import { letGo } from "./http/raw-response.ts";
import { type ParserError, readAgain } from "./intake/raw-target.ts";
import { problem } from "./own-pages/answers.ts";
import { spoil } from "./stages/intake.ts";

/** The errors of node's parser, as faults. */
const PARSER_FAULTS: Readonly<Record<string, FaultCode>> = {
  HPE_INVALID_METHOD: "bad-method",
  HPE_HEADER_OVERFLOW: "header-too-large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

/** As many bytes has a line with one letter for its name and one for its value. */
const SHORT_LINE = "a: b\r\n".length;

/** The options of node's server that the config has. They are read at the start only. */
export function serverOptions({ timeouts, limits }: Settings) {
  return {
    maxHeaderSize: limits.headers,
    headersTimeout: timeouts.requestHeaders,
    keepAliveTimeout: timeouts.keepAlive,
    // A large upload may take any time while bytes arrive: `timeouts.requestIdle` limits the pauses.
    requestTimeout: 0,
    insecureHTTPParser: false,
    // The intake refuses a request without `Host`, with a problem like every other.
    requireHostHeader: false,
    connectionsCheckingInterval: 1_000,
  } as const;
}

/** Limits the number of connections, and answers requests that node's parser can't read. */
export function guardConnections(
  server: Server,
  settings: Settings,
  newId: () => string,
  report: (fault: Fault, id: string) => void,
): void {
  server.maxConnections = settings.limits.connections;
  // Node counts names and values alone, and has a limit of lines that some of its versions drop the rest at without a word.
  server.maxHeadersCount = Math.floor(settings.limits.headers / SHORT_LINE);
  server.on("checkExpectation", ({ socket }: IncomingMessage, response: ServerResponse) => {
    spoil(socket);
    response.writeHead(417, { Connection: "close" }).end();
  });
  server.on("clientError", (error: ParserError, socket: Duplex) => {
    if (unreadable.has(socket) || readAgain(server, error, socket)) return;
    const answering = responseOn(socket);
    const isGone = error.code === "ECONNRESET" || !socket.writable;
    if (!isGone && answering?.req.complete === true) {
      refuseInTurn(server, error, socket);
      return;
    }
    // Where an answer has begun on this connection, the client would read more bytes as a part of it.
    if (isGone || answering?.headersSent === true) {
      socket.destroy();
      return;
    }
    const fault = new Fault(
      PARSER_FAULTS[error.code ?? ""] ?? "bad-request",
      `${error.code ?? "?"}: ${error.message}`,
    );
    const id = newId();
    report(fault, id);
    socket.write(rawAnswer(fault, id));
    letGo(socket);
  });
}

/** Connections whose client sent bytes that can't be read while requests before them are not answered yet. */
const unreadable = new WeakSet<Duplex>();

/** The response that node writes to this connection now; null if no request is open. */
function responseOn(socket: Duplex): ServerResponse | null {
  return (Reflect.get(socket, "_httpMessage") as ServerResponse | undefined) ?? null;
}

/**
 * Lets the answers to whole requests go first: the client would take the refusal for one of them. If the error is a head that is late, it
 * may have arrived by then.
 */
function refuseInTurn(server: Server, error: ParserError, socket: Duplex): void {
  const before = responseOn(socket);
  const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  if (!isLate) unreadable.add(socket);
  const look = (): void => {
    const response = responseOn(socket);
    if (isLate && response !== null && response !== before) return;
    if (response?.req.complete === true) {
      response.once("close", () => setImmediate(look));
      return;
    }
    if (!isLate) unreadable.delete(socket);
    if (!socket.destroyed) server.emit("clientError", error, socket);
  };
  look();
}

function rawAnswer(fault: Fault, id: string): string {
  const body = problem("fault", fault.code, fault.status, fault.title, fault.hint, id);
  const head = [
    `HTTP/1.1 ${fault.status} ${STATUS_CODES[fault.status] ?? ""}`,
    "Content-Type: application/problem+json",
    "Cache-Control: no-store",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
