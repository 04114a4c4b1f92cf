import type { Settings } from "../config/snapshot.ts";
import type { Closing } from "../ports.ts";
import type { Exchange } from "./exchange.ts";
import { EXCHANGE, type Transport, transport } from "./transport.ts";
import { type Tunnel, tunnel } from "./tunnel.ts";

/** The ways to the app: one pair for each `upstream` that was ever configured and still has requests on it. */
export interface Ways extends Closing {
  /** For @fastify/http-proxy: sends each exchange the way that its config said. */
  readonly carrier: Pick<Transport, "request">;
  /** Says which way an exchange goes; before it is sent. */
  assign(exchange: Exchange, settings: Settings): void;
  tunnel(settings: Settings): Tunnel;
  /** Cuts the event streams that go on now. */
  endStreams(): void;
}

interface Way {
  readonly transport: Transport;
  readonly tunnel: Tunnel;
  /** Exchanges that were assigned and are not sent yet: until then it may not close. */
  waiting: number;
}

/** Opens a way when the first request needs it; one that a new config replaced closes once its last request is done. */
export function ways(report: (error: unknown) => void): Ways {
  const open = new Map<string, Way>();
  const assigned = new WeakMap<Exchange, Way>();
  const closing = new Set<Promise<void>>();
  const known = new WeakMap<Settings, Way>();
  let current: Way | null = null;

  function wayOf(settings: Settings): Way {
    const before = known.get(settings);
    if (before !== undefined && before === current) return before;
    const key = JSON.stringify([settings.upstream, settings.timeouts, settings.limits.uploadRate]);
    const way = open.get(key) ?? { transport: transport(settings), tunnel: tunnel(settings), waiting: 0 };
    known.set(settings, way);
    if (way === current) return way;
    open.set(key, way);
    current = way;
    for (const other of open.values()) retireIfDone(other);
    return way;
  }

  function retireIfDone(way: Way): void {
    if (way !== current && way.waiting === 0) retire(way);
  }

  function retire(way: Way): void {
    for (const [key, it] of open) if (it === way) open.delete(key);
    const done: Promise<void> = way.transport
      .close()
      .catch(report)
      .finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    carrier: {
      request(options, callback) {
        const exchange = (options.headers as { readonly [EXCHANGE]?: Exchange })[EXCHANGE];
        const way = exchange && assigned.get(exchange);
        if (way === undefined) {
          callback(new TypeError("an exchange was sent without a way to the app"));
          return;
        }
        way.waiting -= 1;
        way.transport.request(options, callback);
        retireIfDone(way);
      },
    },
    assign(exchange, settings) {
      const way = wayOf(settings);
      way.waiting += 1;
      assigned.set(exchange, way);
    },
    tunnel: (settings) => wayOf(settings).tunnel,
    endStreams() {
      for (const { transport: it } of open.values()) it.endStreams();
    },
    async close() {
      for (const way of [...open.values()]) retire(way);
      await Promise.all(closing);
    },
  };
}
