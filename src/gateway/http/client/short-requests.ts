import type { UpstreamRequest } from "./upstream-request.ts";

interface Client {
  active: number;
  readonly waiting: Set<UpstreamRequest>;
}

/**
 * Who may have a connection to the app: so many short requests at a time, half of them of one client at the most, the others
 * wait. What turns out to be long leaves the count, so that it takes nobody's place.
 */
export class ShortRequests {
  readonly #limit: number;
  readonly #share: number;
  readonly #longAfter: number;
  readonly #start: (request: UpstreamRequest) => void;
  readonly #long: (request: UpstreamRequest) => void;
  readonly #clients = new Map<string, Client>();
  /** Clients that wait, the next one first. */
  readonly #queue = new Set<string>();
  /** Those that have begun, the oldest first, with the time of their beginning. */
  readonly #active = new Map<UpstreamRequest, number>();
  #timer: NodeJS.Timeout | null = null;

  /** `start` is called when it is a request's turn, `long` when one has taken longer than `longAfter` ms. */
  constructor(
    limit: number,
    longAfter: number,
    told: { start(request: UpstreamRequest): void; long(request: UpstreamRequest): void },
  ) {
    this.#limit = limit;
    this.#share = Math.ceil(limit / 2);
    this.#longAfter = longAfter;
    this.#start = (request) => told.start(request);
    this.#long = (request) => told.long(request);
  }

  get active(): number {
    return this.#active.size;
  }

  get crowded(): boolean {
    return this.#queue.size > 0;
  }

  enter(request: UpstreamRequest): void {
    const { address } = request.order.party;
    const client = this.#clients.get(address) ?? { active: 0, waiting: new Set() };
    this.#clients.set(address, client);
    if (this.#active.size < this.#limit && client.active < this.#share) {
      this.#begin(client, request);
      return;
    }
    client.waiting.add(request);
    this.#queue.add(address);
  }

  /** It is over, is long now, or doesn't want to wait any more. */
  leave(request: UpstreamRequest): void {
    const { address } = request.order.party;
    const client = this.#clients.get(address);
    if (client === undefined) return;
    if (this.#active.delete(request)) client.active -= 1;
    else if (client.waiting.delete(request) && client.waiting.size === 0) this.#queue.delete(address);
    if (client.active === 0 && client.waiting.size === 0) this.#clients.delete(address);
    if (this.#queue.size > 0) this.#next();
  }

  #begin(client: Client, request: UpstreamRequest): void {
    client.active += 1;
    this.#active.set(request, performance.now());
    this.#timer ??= setTimeout(() => this.#look(), this.#longAfter).unref();
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

  #look(): void {
    this.#timer = null;
    const now = performance.now();
    for (const [request, since] of this.#active) {
      const left = since + this.#longAfter - now;
      if (left > 0.5) {
        this.#timer = setTimeout(() => this.#look(), left).unref();
        return;
      }
      this.leave(request);
      this.#long(request);
    }
  }
}
