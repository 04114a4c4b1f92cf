import type { Settings } from "../../config/snapshot.ts";
import { Fault } from "../../errors.ts";
import type { Exchange, RawHeaders } from "./exchange.ts";
import { framingOf } from "./framing.ts";
import { Relay, type RelayTimeouts } from "./relay.ts";
import { type UpstreamOptions, upstream } from "./upstream-pool.ts";

/** The key under which an exchange travels through reply-from, which copies it with the headers. */
export const EXCHANGE = Symbol("exchange");

/** A whole `Settings` fits. Times in ms, the body's limits between two chunks. */
export interface TransportOptions extends UpstreamOptions {
  readonly timeouts: UpstreamOptions["timeouts"] & RelayTimeouts;
  readonly limits?: Pick<Settings["limits"], "uploadRate">;
}

/** Carries exchanges to the app and back. */
export interface Transport {
  /** What reply-from calls as its `undici`. All but the exchange in the headers is ignored, and nothing is called back. */
  request(options: { readonly headers: object }, callback: (error: Error) => void): void;
  send(exchange: Exchange): void;
  /** Cuts the event streams that go on now: nobody can wait for their end. */
  endStreams(): void;
  /** Waits for the exchanges in flight, then closes the connections to the app. */
  close(): Promise<void>;
}

/** Bodies up to this many bytes, if they are here with their headers, are sent in one write. */
const SMALL = 65_536;

/** Opens nothing until the first exchange. */
export function transport(options: TransportOptions): Transport {
  const app = upstream(options);
  const { timeouts, limits } = options;
  const parts = { app, timeouts, uploadRate: limits?.uploadRate ?? 0, streams: new Set<Relay>() };
  function send(exchange: Exchange): void {
    const relay = new Relay(exchange, parts);
    if (relay.open()) dispatch(relay, exchange);
  }
  return {
    send,
    request: (sent, callback) => {
      const exchange = exchangeIn(sent.headers);
      if (exchange === null)
        callback(new Fault("internal", "a request came to the transport without its exchange"));
      else send(exchange);
    },
    endStreams() {
      for (const relay of [...parts.streams]) relay.handleEvent();
    },
    close: () => app.close(),
  };
}

function exchangeIn(headers: { readonly [EXCHANGE]?: Exchange }): Exchange | null {
  return headers[EXCHANGE] ?? null;
}

function dispatch(relay: Relay, exchange: Exchange): void {
  const { body, headers } = exchange;
  const fault = unsendable(exchange);
  if (fault !== null) relay.fail(fault);
  else if (body !== null) relay.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength), headers);
  else sendClients(relay, exchange);
}

/** What undici would read as something else than a request to the app. */
function unsendable({ method, target }: Exchange): Fault | null {
  if (method === "CONNECT") return new Fault("bad-method", "CONNECT asks for a tunnel");
  return target.startsWith("/") ? null : new Fault("bad-request", `${JSON.stringify(target)} is not a path`);
}

function sendClients(relay: Relay, exchange: Exchange): void {
  const framing = framingOf(exchange.client.request);
  if (framing.kind === "none") relay.send(null, exchange.headers);
  else if (framing.kind === "chunked") relay.stream(exchange.headers);
  // A small body is mostly in the same packet as its headers: node has parsed it when this turn is over.
  else if (framing.length <= SMALL) setImmediate(sendSmall, relay, exchange, framing.length, framing.text);
  else relay.stream(withLength(exchange.headers, framing.text));
}

function sendSmall(
  relay: Relay,
  { client: { request }, headers }: Exchange,
  length: number,
  text: string,
): void {
  // With its size: without one, read() gives a single chunk of what is there.
  const whole = request.complete && request.readableLength === length ? request.read(length) : null;
  if (Buffer.isBuffer(whole) && whole.length === length) relay.send(whole, headers);
  else relay.stream(withLength(headers, text));
}

function withLength(headers: RawHeaders, length: string): RawHeaders {
  return [...headers, "Content-Length", length];
}
