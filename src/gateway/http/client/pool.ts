import { Fault } from "../../../errors.ts";
import { Connection, type ConnectionKeeper } from "./connection.ts";
import { type Dial, type DialOptions, dialer } from "./dial.ts";
import { IdleConnections } from "./idle-connections.ts";
import { ShortRequests } from "./short-requests.ts";
import type { StreamLimits, Streams } from "./streams.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

/** Times in ms. */
export interface PoolOptions {
  readonly upstream: DialOptions & { readonly connections: number };
  readonly limits: StreamLimits & { readonly answerHeaders: number };
  readonly timeouts: { readonly upstreamKeepAlive: number; readonly stream: number };
}

/** The connections to the app, and the requests that are on them or wait for one. */
export class UpstreamPool implements ConnectionKeeper {
  readonly #options: PoolOptions;
  readonly #streams: Streams;
  readonly #dial: Dial;
  readonly #idle: IdleConnections;
  readonly #short: ShortRequests;
  /** Requests that are not over, waiting ones too. */
  #going = 0;
  #closing: PromiseWithResolvers<void> | null = null;

  /** Opens nothing yet. */
  constructor(options: PoolOptions, streams: Streams) {
    const { upstream, timeouts } = options;
    this.#options = options;
    this.#streams = streams;
    this.#dial = dialer(upstream);
    this.#idle = new IdleConnections(timeouts.upstreamKeepAlive);
    this.#short = new ShortRequests(upstream.connections, timeouts.stream, {
      start: (request) => this.#start(request),
      long: (request) => this.#overLimit(request),
    });
  }

  send(request: UpstreamRequest): void {
    this.#going += 1;
    this.#short.enter(request);
  }

  /** It is one that lasts: it leaves the short ones. False if it would be one stream too many. */
  lasts(request: UpstreamRequest): boolean {
    if (request.over || request.long) return true;
    this.#short.leave(request);
    request.long = this.#streams.enter(request.order.party.address, this.#options.limits);
    return request.long;
  }

  /** Ends a request; its handler hears nothing more of it. */
  abort(request: UpstreamRequest): void {
    if (request.over) return;
    const { connection } = request;
    this.#done(request);
    connection?.destroy();
  }

  /** Waits for the requests that are going on, then closes all connections. */
  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    this.#idle.close();
    if (this.#going === 0) this.#closing.resolve();
    return this.#closing.promise;
  }

  // What a connection tells.

  freed(connection: Connection, request: UpstreamRequest): void {
    // Before the next request, perhaps of the same client, gets its place.
    if (this.#closing === null) this.#idle.add(connection, request.order.party.socket);
    else this.#idle.drop(connection);
    this.#done(request);
    if (this.#short.active + this.#idle.size > this.#options.upstream.connections) this.#idle.evict();
  }

  closed(request: UpstreamRequest): void {
    this.#done(request);
  }

  lost(connection: Connection, request: UpstreamRequest | null, error: Error): void {
    if (request === null) this.#idle.forget(connection);
    if (request === null || request.over) return;
    const { sent = false, stale = false } = request.lost ?? {};
    if (stale && (!sent || (request.order.repeatable && !request.repeated))) {
      if (sent) request.repeated = true;
      this.#connect(request);
      return;
    }
    this.#done(request);
    request.handler.failed(error, sent);
  }

  #start(request: UpstreamRequest): void {
    const idle = this.#idle.take(request.order);
    if (idle === null) this.#connect(request);
    else {
      request.connection = idle;
      idle.send(request);
    }
  }

  #connect(request: UpstreamRequest): void {
    const { upstream, limits } = this.#options;
    if (this.#short.active + this.#idle.size > upstream.connections) this.#idle.evict();
    try {
      request.connection = new Connection(this.#dial, limits.answerHeaders, this, request);
    } catch (error) {
      this.#done(request);
      request.handler.failed(error as Error, false);
    }
  }

  #overLimit(request: UpstreamRequest): void {
    if (this.lasts(request)) return;
    this.abort(request);
    request.handler.failed(tooMany(), true);
  }

  #done(request: UpstreamRequest): void {
    if (request.over) return;
    request.over = true;
    this.#going -= 1;
    if (request.long) this.#streams.leave(request.order.party.address);
    else this.#short.leave(request);
    if (this.#going === 0) this.#closing?.resolve();
  }
}

/** For an exchange that lasts, but may not. */
export function tooMany(): Fault {
  return new Fault(
    "overloaded",
    "too many exchanges last already; see `limits.streams` and `limits.streamsPerClient`",
  );
}
