import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";
import { type Link, LinkedList } from "./linked-list.ts";
import type { RequestOrder } from "./upstream-request.ts";

interface Idle {
  readonly connection: Connection;
  readonly client: Socket;
  /** For how long it may be used again, ms. */
  readonly within: number;
}

/** How long before the app closes an idle connection we stop to use it, ms. */
const MARGIN = 1_000;

/**
 * Idle connections to the app. Each belongs to one client connection and closes with it, so that surplus bytes of an
 * app, or a request that a client smuggles in, reach only that client. If several people share the client connection (behind a
 * proxy, or by impersonating), a connection on which one of them sent a body or authenticated is used for nobody else.
 */
export class IdleConnections {
  readonly #keepAlive: number;
  /** The one that is idle for longest first. */
  readonly #all = new LinkedList<Idle>();
  readonly #byClient = new WeakMap<Socket, Link<Idle>[]>();
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
    // An authenticated connection is kept, because its user would have to authenticate again.
    const within = authenticated ? Number.POSITIVE_INFINITY : said;
    if (within <= 0 || client.destroyed) {
      this.drop(connection);
      return;
    }
    this.#of(client).push(this.#all.push({ connection, client, within }));
    this.#timer ??= setTimeout(() => this.#sweep(), this.#keepAlive).unref();
  }

  /** Closes one that isn't used any more. */
  drop(connection: Connection): void {
    connection.retire(this.#keepAlive);
  }

  /** Takes one that this request may go on; null if there is none. */
  take({ party, repeatable }: RequestOrder): Connection | null {
    const mine = this.#byClient.get(party.socket);
    if (mine === undefined || mine.length === 0) return null;
    const now = performance.now();
    for (const link of mine) {
      const { connection, within } = link.item;
      if (connection.person !== null && connection.person !== party.person) continue;
      // The app may close an old connection at this moment, so a request that can't be repeated gets a new one.
      if (now - link.at > (repeatable ? within : within / 4)) continue;
      this.#remove(link);
      return connection;
    }
    return null;
  }

  /** It is closed: nothing is sent on it any more. */
  forget(connection: Connection): void {
    for (let link = this.#all.first; link !== null; link = link.after) {
      if (link.item.connection !== connection) continue;
      this.#remove(link);
      return;
    }
  }

  /** Closes the one that is idle for longest, an authenticated one last. */
  evict(): void {
    let oldest = this.#all.first;
    while (oldest?.item.connection.authenticated === true && oldest.after !== null) oldest = oldest.after;
    if (oldest !== null) this.#close(oldest);
  }

  close(): void {
    for (let link = this.#all.first; link !== null; link = this.#all.first) this.#close(link);
  }

  #close(link: Link<Idle>): void {
    this.#remove(link);
    this.drop(link.item.connection);
  }

  #remove(link: Link<Idle>): void {
    this.#all.remove(link);
    const mine = this.#byClient.get(link.item.client) ?? [];
    const at = mine.indexOf(link);
    if (at >= 0) mine.splice(at, 1);
  }

  #of(client: Socket): Link<Idle>[] {
    const known = this.#byClient.get(client);
    if (known !== undefined) return known;
    const mine: Link<Idle>[] = [];
    this.#byClient.set(client, mine);
    client.once("close", () => {
      for (const link of [...mine]) this.#close(link);
    });
    return mine;
  }

  #sweep(): void {
    this.#timer = null;
    const now = performance.now();
    for (let link = this.#all.first; link !== null; ) {
      const { after } = link;
      if (now - link.at >= link.item.within) this.#close(link);
      link = after;
    }
    if (this.#all.size > 0) this.#timer = setTimeout(() => this.#sweep(), this.#keepAlive / 4).unref();
  }
}
