import type { Closing } from "../../ports.ts";

type Work = () => Promise<void>;

/** Work that is done at intervals and on request, one run after the other. */
interface Repeated extends Closing {
  /** Runs it once more. Never rejects. */
  again: Work;
  /** Runs other work in the same queue. Never rejects. */
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
