import type { Settings } from "../config/snapshot.ts";
import type { Closing } from "../ports.ts";
import { Streams } from "./http/client/streams.ts";
import type { Exchange } from "./http/exchange.ts";
import { type Transport, transport } from "./http/transport.ts";
import { getOrInsert } from "./services/get-or-insert.ts";
import { type Tunnel, tunnel } from "./websocket/tunnel.ts";

interface Way {
  readonly app: string | null;
  /** `connectionKey` of its settings. */
  readonly key: string;
  readonly transport: Transport;
  readonly tunnel: Tunnel;
  /** Exchanges that are not sent yet: while there are any, it stays open. */
  waiting: number;
}

/**
 * The connections to the apps: a pool and a tunnel for each `upstream` that is configured, or still has requests. Connects when the first
 * request needs it; what a new config replaced closes once its last request is done.
 */
export class Upstreams implements Closing {
  /** Counted per app over all configs: a new config begins no new count, and a slow app uses up no other app's limit. */
  readonly #streams = new Map<string | null, Streams>();
  readonly #report: (error: unknown) => void;
  readonly #open = new Map<string, Way>();
  readonly #closing = new Set<Promise<void>>();
  /** The upstream of each app for new requests. */
  readonly #current = new Map<string | null, Way>();
  /** null before the first `keep`. */
  #apps: readonly (string | null)[] | null = null;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Keeps the upstream of this config open, and returns what sends the exchange to it. */
  sending(exchange: Exchange, settings: Settings): () => void {
    const way = this.#wayOf(settings);
    way.waiting += 1;
    return () => {
      way.waiting -= 1;
      way.transport.send(exchange);
      this.#retireIfDone(way);
    };
  }

  tunnel(settings: Settings): Tunnel {
    return this.#wayOf(settings).tunnel;
  }

  /** Sets which apps there are from now on: connections to others close once their last request is done. */
  keep(apps: readonly (string | null)[]): void {
    this.#apps = apps;
    for (const known of [this.#current, this.#streams])
      for (const app of known.keys()) if (!apps.includes(app)) known.delete(app);
    this.#retireAllDone();
  }

  /** Cuts the event streams that are open. */
  endStreams(): void {
    for (const { transport: it } of this.#open.values()) it.endStreams();
  }

  async close(): Promise<void> {
    for (const way of [...this.#open.values()]) this.#retire(way);
    await Promise.all(this.#closing);
  }

  #wayOf(settings: Settings): Way {
    const { app, connectionKey: key } = settings;
    const current = this.#current.get(app);
    if (current?.key === key) return current;
    const lasting = getOrInsert(this.#streams, app, () => new Streams());
    const way = this.#open.get(key) ?? {
      app,
      key,
      transport: transport(settings, lasting),
      tunnel: tunnel(settings, lasting),
      waiting: 0,
    };
    this.#open.set(key, way);
    // The app was taken out of the config while this request was decided: no other one will use this upstream.
    if (this.#apps?.includes(app) !== false) this.#current.set(app, way);
    this.#retireAllDone(way);
    return way;
  }

  #retireAllDone(but: Way | null = null): void {
    for (const way of this.#open.values()) if (way !== but) this.#retireIfDone(way);
  }

  #retireIfDone(way: Way): void {
    if (way !== this.#current.get(way.app) && way.waiting === 0) this.#retire(way);
  }

  #retire(way: Way): void {
    if (this.#open.get(way.key) === way) this.#open.delete(way.key);
    const done: Promise<void> = way.transport
      .close()
      .catch(this.#report)
      .finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}
