/** How many exchanges may last at the same time: of everybody, and of one client. */
export interface StreamLimits {
  readonly streams: number;
  readonly streamsPerClient: number;
}

/** Counts the exchanges that last: event streams, long polls, slow up- and downloads, WebSockets. One for an app. */
export class Streams {
  readonly #byClient = new Map<string, number>();
  #all = 0;

  /** Counts one more of this address; false, and nothing counted, if it would be over a limit. */
  enter(address: string, { streams, streamsPerClient }: StreamLimits): boolean {
    const ofClient = this.#byClient.get(address) ?? 0;
    if (this.#all >= streams || ofClient >= streamsPerClient) return false;
    this.#all += 1;
    this.#byClient.set(address, ofClient + 1);
    return true;
  }

  leave(address: string): void {
    const ofClient = this.#byClient.get(address) ?? 0;
    if (ofClient === 0) return;
    this.#all -= 1;
    if (ofClient === 1) this.#byClient.delete(address);
    else this.#byClient.set(address, ofClient - 1);
  }

  get count(): number {
    return this.#all;
  }
}
