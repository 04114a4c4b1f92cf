import type { Closing } from "../../ports.ts";

type Work = () => Promise<void>;

/** Work that is done every while and when it is asked for, one after the other. */
interface Repeated extends Closing {
  /** Does it once more. Never rejects. */
  again: Work;
  /** Does something else in its turn. Never rejects. */
  also(work: Work, failed?: (error: unknown) => void): Promise<void>;
}

/** `every`: ms. `failed` is told what a turn threw; it is tried again in the next. */
export function repeated(every: number, work: Work, failed: (error: unknown) => void): Repeated {
  let last: Promise<void> = Promise.resolve();
  const also: Repeated["also"] = (next, otherwise = failed) => {
    last = last.then(next).catch(otherwise);
    return last;
  };
  const again = (): Promise<void> => also(work);
  const timer = setInterval(again, every).unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await last;
  };
  return { again, also, close };
}
