import type { Settings } from "../../config/snapshot.ts";
import { Deadlines } from "./client/deadlines.ts";
import { type PoolOptions, UpstreamPool } from "./client/pool.ts";
import { Streams } from "./client/streams.ts";
import type { Exchange } from "./exchange.ts";
import { framingOf } from "./framing.ts";
import { Relay, type RelayTimeouts } from "./relay.ts";

/** A whole `Settings` fits. Times in ms, the body's limits between two chunks. */
interface TransportOptions extends PoolOptions {
  readonly timeouts: PoolOptions["timeouts"] & RelayTimeouts;
  readonly limits: PoolOptions["limits"] & Pick<Settings["limits"], "uploadRate">;
}

/** Carries exchanges to the app and back. */
export interface Transport {
  send(exchange: Exchange): void;
  /** Cuts the open event streams, which have no end of their own. */
  endStreams(): void;
  /** Waits for the exchanges in flight, then closes the connections to the app. */
  close(): Promise<void>;
}

/** Bodies up to this many bytes, if they are here with their headers, are sent in one write. */
const SMALL = 65_536;

/** Opens nothing until the first exchange. `streams` counts those that last, here and in other transports. */
export function transport(options: TransportOptions, streams: Streams = new Streams()): Transport {
  const app = new UpstreamPool(options, streams);
  const { timeouts, limits } = options;
  const parts = {
    app,
    timeouts,
    uploadRate: limits.uploadRate,
    connecting: new Deadlines<Relay>(timeouts.connect, (relay) => relay.starved()),
    unanswered: new Deadlines<Relay>(timeouts.answer, (relay) => relay.unanswered()),
    streams: new Set<Relay>(),
  };
  return {
    send(exchange) {
      const relay = new Relay(exchange, parts);
      if (relay.open()) dispatch(relay, exchange);
    },
    endStreams() {
      for (const relay of [...parts.streams]) relay.handleEvent();
    },
    close: () => app.close(),
  };
}

function dispatch(relay: Relay, exchange: Exchange): void {
  const { body, method, client } = exchange;
  if (body === null) sendClients(relay, exchange);
  // A client that said that its body is empty has said so to the app, too.
  else if (body.length === 0 && (method === "GET" || method === "HEAD"))
    relay.send(null, typeof framingOf(client.request) === "number" ? 0 : "none");
  else relay.send(Buffer.from(body.buffer, body.byteOffset, body.byteLength), body.length);
}

function sendClients(relay: Relay, exchange: Exchange): void {
  const framing = framingOf(exchange.client.request);
  if (framing === "none" || framing === 0) relay.send(null, framing);
  // A small body is mostly in the same packet as its headers: node has parsed it when this turn is over.
  else if (framing !== "chunked" && framing <= SMALL) setImmediate(sendSmall, relay, exchange, framing);
  else relay.stream(framing);
}

function sendSmall(relay: Relay, { client: { request } }: Exchange, length: number): void {
  // With its size: without one, read() gives a single chunk of what is there.
  const whole = request.complete && request.readableLength === length ? request.read(length) : null;
  if (Buffer.isBuffer(whole) && whole.length === length) relay.send(whole, length);
  else relay.stream(length);
}
