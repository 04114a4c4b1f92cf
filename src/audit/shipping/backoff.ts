/** The rests of a loop between its rounds. */
export interface Pause {
  /** Rests until `wake`, `ms` at the most; not at all if `wake` was called since the last time. */
  idle(ms: number): Promise<void>;
  /** Rests so long, also after `wake`; only `endRest` ends it sooner. */
  sleep(ms: number): Promise<void>;
  wake(): void;
  /** Ends the rest that goes on now, of either kind. */
  endRest(): void;
}

export function pause(): Pause {
  let woken = false;
  let endIdle: (() => void) | null = null;
  let endSleep: (() => void) | null = null;
  const rest = async (ms: number, how: (done: () => void) => void): Promise<void> => {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms).unref();
      how(() => {
        clearTimeout(timer);
        done();
      });
    });
  };
  const wake = () => {
    woken = true;
    endIdle?.();
  };
  return {
    wake,
    endRest: () => {
      wake();
      endSleep?.();
    },
    idle: async (ms) => {
      if (!woken) {
        await rest(ms, (done) => {
          endIdle = done;
        });
        endIdle = null;
      }
      woken = false;
    },
    sleep: async (ms) => {
      await rest(ms, (done) => {
        endSleep = done;
      });
      endSleep = null;
    },
  };
}

/** 100 ms, 200 ms … `most` at the most, each a random part of it, so that many gateways do not come back at once. */
export function backoff(attempt: number, most: number): number {
  const wait = Math.min(most, 100 * 2 ** Math.min(attempt, 10));
  return wait / 2 + (Math.random() * wait) / 2;
}
