import { Deadlines } from "./deadlines.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

interface Client {
  active: number;
  readonly waiting: Set<UpstreamRequest>;
}

/** How many clients are known before those are forgotten that have nothing going on. */
const KNOWN = 10_000;

/**
 * Limits the short requests to an app: so many at a time, at most half of them of one client; the others wait. A request that turns out to
 * be long leaves the count.
 */
export class ShortRequests {
  readonly #limit: number;
  readonly #share: number;
  readonly #start: (request: UpstreamRequest) => void;
  readonly #clients = new Map<string, Client>();
  /** Clients that wait, the next one first. */
  readonly #queue = new Set<string>();
  /** Those that have begun. */
  readonly #active: Deadlines<UpstreamRequest>;

  /** `start` is called when it is a request's turn, `long` when one has taken longer than `longAfter` ms. */
  constructor(
    limit: number,
    longAfter: number,
    told: { start(request: UpstreamRequest): void; long(request: UpstreamRequest): void },
  ) {
    this.#limit = limit;
    this.#share = Math.ceil(limit / 2);
    this.#start = (request) => told.start(request);
    this.#active = new Deadlines(longAfter, (request) => {
      this.#left(request, true);
      told.long(request);
    });
  }

  get active(): number {
    return this.#active.size;
  }

  enter(request: UpstreamRequest): void {
    const { address } = request.order.party;
    const client = this.#clients.get(address) ?? this.#met(address);
    if (this.#active.size < this.#limit && client.active < this.#share) {
      this.#begin(client, request);
      return;
    }
    client.waiting.add(request);
    this.#queue.add(address);
  }

  /** It is over, is long now, or doesn't want to wait any more. */
  leave(request: UpstreamRequest): void {
    const { place } = request;
    this.#left(request, place !== null && this.#active.delete(place));
  }

  #left(request: UpstreamRequest, begun: boolean): void {
    const { address } = request.order.party;
    const client = this.#clients.get(address);
    if (client === undefined) return;
    if (begun) client.active -= 1;
    else if (client.waiting.delete(request) && client.waiting.size === 0) this.#queue.delete(address);
    if (this.#queue.size > 0) this.#next();
  }

  /** Clients stay known, since most come back at once, until there are many. */
  #met(address: string): Client {
    if (this.#clients.size >= KNOWN) {
      for (const [known, { active, waiting }] of this.#clients)
        if (active === 0 && waiting.size === 0) this.#clients.delete(known);
    }
    const client = { active: 0, waiting: new Set<UpstreamRequest>() };
    this.#clients.set(address, client);
    return client;
  }

  #begin(client: Client, request: UpstreamRequest): void {
    client.active += 1;
    request.place = this.#active.add(request);
    this.#start(request);
  }

  /** One of each client in turn. */
  #next(): void {
    for (const address of [...this.#queue]) {
      if (this.#active.size >= this.#limit) return;
      const client = this.#clients.get(address);
      if (client === undefined || client.active >= this.#share) continue;
      const [request] = client.waiting;
      this.#queue.delete(address);
      if (request === undefined) continue;
      client.waiting.delete(request);
      if (client.waiting.size > 0) this.#queue.add(address);
      this.#begin(client, request);
    }
  }
}
