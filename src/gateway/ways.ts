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
}

interface Way {
  readonly key: string;
  readonly transport: Transport;
  readonly tunnel: Tunnel;
}

/** Opens a way when the first request needs it; one that a new config replaced closes once its last request is done. */
export function ways(report: (error: unknown) => void): Ways {
  let current: Way | null = null;
  const assigned = new WeakMap<Exchange, Way>();
  const closing = new Set<Promise<void>>();

  function wayOf(settings: Settings): Way {
    const key = JSON.stringify([settings.upstream, settings.timeouts]);
    if (current?.key === key) return current;
    if (current !== null) retire(current);
    current = { key, transport: transport(settings), tunnel: tunnel(settings) };
    return current;
  }

  function retire(way: Way): void {
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
        if (way === undefined) callback(new TypeError("an exchange was sent without a way to the app"));
        else way.transport.request(options, callback);
      },
    },
    assign: (exchange, settings) => void assigned.set(exchange, wayOf(settings)),
    tunnel: (settings) => wayOf(settings).tunnel,
    async close() {
      if (current !== null) retire(current);
      await Promise.all(closing);
    },
  };
}
