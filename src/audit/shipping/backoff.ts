/** How somebody who works in rounds rests between them. */
export interface Pause {
  /** Until it is rung for, `ms` at the most; not at all if that happened since the last time. */
  idle(ms: number): Promise<void>;
  /** So long, whoever rings, unless it is hurried. */
  sleep(ms: number): Promise<void>;
  /** There is something to do. */
  ring(): void;
  /** Ends whatever rest there is at once. */
  hurry(): void;
}

export function pause(): Pause {
  let rung = false;
  let wake: (() => void) | null = null;
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
  const ring = () => {
    rung = true;
    wake?.();
  };
  return {
    ring,
    hurry: () => {
      ring();
      endSleep?.();
    },
    idle: async (ms) => {
      if (!rung) {
        await rest(ms, (done) => {
          wake = done;
        });
        wake = null;
      }
      rung = false;
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
