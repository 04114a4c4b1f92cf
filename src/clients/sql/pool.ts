import { unlessAborted } from "../abort.ts";

/** A connection as a pool holds it. */
export interface Pooled {
  /** Whether it can be used again. */
  readonly usable: boolean;
  /** Closes the connection at once, without waiting for the other side. */
  destroy(): void;
  /** Calls back once when the connection is over, also after `destroy`. */
  whenClosed(heard: () => void): void;
}

/** What `work` throws when the connection went away under it. */
export class ConnectionLost extends Error {}

interface PoolOptions<C extends Pooled> {
  /** Opens a connection; rejects, and leaves nothing open, when `signal` aborts first. */
  connect(signal: AbortSignal): Promise<C>;
  /** Connections at the most. */
  readonly most: number;
  /** How long a connection that nobody uses stays open, ms. */
  readonly idle: number;
}

/**
 * A pool of connections, each used by one caller at a time. The drivers' own pools would let a question wait for ever for a connection,
 * or keep a connection that hangs.
 */
export class Pool<C extends Pooled> {
  readonly #options: PoolOptions<C>;
  readonly #all = new Set<C>();
  readonly #idle: { readonly connection: C; readonly timer: NodeJS.Timeout }[] = [];
  readonly #waiting = new Set<() => void>();
  #opening = 0;
  #closed = false;

  constructor(options: PoolOptions<C>) {
    this.#options = options;
  }

  /**
   * Does the work with a connection. If the work aborts or fails, the connection is closed, so that nobody gets one in the middle of
   * something. If a connection turns out to be dead, the work is started once more with a new one.
   */
  async use<T>(work: (connection: C) => Promise<T>, signal: AbortSignal): Promise<T> {
    const first = await this.#take(signal);
    try {
      return await this.#work(first.connection, work, signal);
    } catch (error) {
      if (first.fresh || signal.aborted || !(error instanceof ConnectionLost)) throw error;
    }
    // The server has gone away meanwhile, so the other idle connections are dead too.
    for (const { connection } of this.#idle.splice(0)) connection.destroy();
    const second = await this.#take(signal);
    return await this.#work(second.connection, work, signal);
  }

  close(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) connection.destroy();
    for (const wake of [...this.#waiting]) wake();
  }

  async #work<T>(connection: C, work: (connection: C) => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      const result = await unlessAborted(work(connection), signal);
      this.#give(connection);
      return result;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  async #take(signal: AbortSignal): Promise<{ readonly connection: C; readonly fresh: boolean }> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new Error("the connections are closed");
      const kept = this.#idle.pop();
      if (kept !== undefined) {
        clearTimeout(kept.timer);
        if (kept.connection.usable) return { connection: kept.connection, fresh: false };
        continue;
      }
      if (this.#all.size + this.#opening >= this.#options.most) {
        await this.#room(signal);
        continue;
      }
      const connection = await this.#open(signal);
      if (!signal.aborted) return { connection, fresh: true };
      this.#give(connection);
    }
  }

  async #open(signal: AbortSignal): Promise<C> {
    this.#opening += 1;
    try {
      const connection = await this.#options.connect(signal);
      this.#all.add(connection);
      connection.whenClosed(() => this.#gone(connection));
      if (this.#closed) connection.destroy();
      return connection;
    } finally {
      this.#opening -= 1;
      this.#wake();
    }
  }

  /** Resolves when it may be worth looking again. */
  async #room(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      // A request that was woken and has left gives its turn to the next.
      if (signal.aborted) this.#wake();
    }
  }

  #give(connection: C): void {
    if (!connection.usable || this.#closed) {
      connection.destroy();
      return;
    }
    const timer = setTimeout(() => connection.destroy(), this.#options.idle);
    timer.unref();
    this.#idle.push({ connection, timer });
    this.#wake();
  }

  #gone(connection: C): void {
    this.#all.delete(connection);
    const at = this.#idle.findIndex((it) => it.connection === connection);
    if (at !== -1) for (const { timer } of this.#idle.splice(at, 1)) clearTimeout(timer);
    this.#wake();
  }

  #wake(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first();
  }
}
