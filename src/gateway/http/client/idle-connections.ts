import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";
import type { RequestOrder } from "./upstream-request.ts";

interface Idle {
  readonly connection: Connection;
  readonly client: Socket;
  readonly since: number;
  /** For how long it may be used again, ms. */
  readonly within: number;
}

/** How long before the app closes an idle connection we stop to use it, ms. */
const MARGIN = 1_000;

/**
 * Connections to the app between two requests. Each belongs to one connection of a client's, and goes with it: whatever an
 * app says too much, and whatever a client smuggles into its requests, reaches only that client. On one that somebody has
 * sent a body on, or authenticated, nobody else sends anything, though they share the client's connection (behind a proxy,
 * or as somebody else).
 */
export class IdleConnections {
  readonly #keepAlive: number;
  /** The one that is idle for longest first. */
  readonly #all = new Map<Connection, Idle>();
  readonly #byClient = new WeakMap<Socket, Set<Connection>>();
  #timer: NodeJS.Timeout | null = null;

  /** `keepAlive`: how long one is kept, ms, unless the app names a shorter time. */
  constructor(keepAlive: number) {
    this.#keepAlive = keepAlive;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Keeps one for its client's next request, or closes it. */
  add(connection: Connection, client: Socket): void {
    const { idle, authenticated } = connection;
    const said = idle === null ? this.#keepAlive : Math.min(this.#keepAlive, idle - MARGIN);
    // Who has authenticated one would have to do it again.
    const within = authenticated ? Number.POSITIVE_INFINITY : said;
    if (within <= 0 || client.destroyed) {
      connection.destroy();
      return;
    }
    this.#all.set(connection, { connection, client, since: performance.now(), within });
    this.#of(client).add(connection);
    this.#timer ??= setTimeout(() => this.#sweep(), this.#keepAlive).unref();
  }

  /** Takes one that this request may go on; null if there is none. */
  take({ party, repeatable }: RequestOrder): Connection | null {
    const mine = this.#byClient.get(party.socket);
    if (mine === undefined || mine.size === 0) return null;
    const now = performance.now();
    for (const connection of mine) {
      const idle = this.#all.get(connection);
      if (idle === undefined || (connection.person !== null && connection.person !== party.person)) continue;
      // The app may close it at this very moment: what can't be sent again isn't risked on an old one.
      const within = repeatable ? idle.within : idle.within / 4;
      if (now - idle.since > within) continue;
      this.remove(connection);
      return connection;
    }
    return null;
  }

  remove(connection: Connection): void {
    const idle = this.#all.get(connection);
    if (idle === undefined) return;
    this.#all.delete(connection);
    this.#byClient.get(idle.client)?.delete(connection);
  }

  /** Closes the one that is idle for longest, an authenticated one last. */
  evict(): void {
    let oldest: Connection | null = null;
    for (const connection of this.#all.keys()) {
      oldest ??= connection;
      if (connection.authenticated) continue;
      oldest = connection;
      break;
    }
    if (oldest !== null) this.#close(oldest);
  }

  close(): void {
    for (const connection of [...this.#all.keys()]) this.#close(connection);
  }

  #close(connection: Connection): void {
    this.remove(connection);
    connection.destroy();
  }

  #of(client: Socket): Set<Connection> {
    const known = this.#byClient.get(client);
    if (known !== undefined) return known;
    const mine = new Set<Connection>();
    this.#byClient.set(client, mine);
    client.once("close", () => {
      for (const connection of [...mine]) this.#close(connection);
    });
    return mine;
  }

  #sweep(): void {
    this.#timer = null;
    const now = performance.now();
    for (const { connection, since, within } of [...this.#all.values()]) {
      if (now - since >= within) this.#close(connection);
    }
    if (this.#all.size > 0) this.#timer = setTimeout(() => this.#sweep(), this.#keepAlive / 4).unref();
  }
}
