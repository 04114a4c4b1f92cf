/** The pauses of a loop between its rounds. */
export interface Pause {
  /** Pauses until `wake`, at most `ms`; not at all if `wake` was called since the last pause. */
  idle(ms: number): Promise<void>;
  /** Pauses for `ms`, also after `wake`; only `endRest` ends it sooner. */
  sleep(ms: number): Promise<void>;
  wake(): void;
  /** Ends the present pause of either kind. */
  endRest(): void;
}

export function pause(): Pause {
  let woken = false;
  const ends: { idle?: () => void; sleep?: () => void } = {};
  const rest = async (kind: keyof typeof ends, ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    ends[kind] = resolve;
    await promise;
    clearTimeout(timer);
    delete ends[kind];
  };
  const wake = () => {
    woken = true;
    ends.idle?.();
  };
  return {
    wake,
    endRest: () => {
      wake();
      ends.sleep?.();
    },
    idle: async (ms) => {
      if (!woken) await rest("idle", ms);
      woken = false;
    },
    sleep: (ms) => rest("sleep", ms),
  };
}

/** 100 ms, 200 ms … `most` at the most, each a random part of it, so that many gateways do not come back at once. */
export function backoff(attempt: number, most: number): number {
  const wait = Math.min(most, 100 * 2 ** Math.min(attempt, 10));
  return wait / 2 + (Math.random() * wait) / 2;
}
