import { asFault, Fault, type FaultCode } from "../errors.ts";
import type { Clock, Maybe } from "../ports.ts";
import { unlessAborted } from "./abort.ts";
import { breaker } from "./breaker.ts";
import { lru } from "./lru.ts";

const MOST_FLIGHTS = 1_000;
const REST = 5_000;

/** How to ask, and for how long an answer counts. */
export interface Asking<Q, A> {
  /** The code of the fault that an error becomes. */
  readonly code: FaultCode;
  /** Begins the fault's detail: what was asked for. */
  readonly what: string;
  readonly clock: Clock;
  /** For one question, ms. */
  readonly timeout: number;
  /** Failures in a row after which nothing is asked for five seconds; null if strangers choose the questions. */
  readonly failures: number | null;
  /** How many answers are kept, and a tenth more for negative ones, so that nonsense questions can't push out good answers. */
  readonly entries: number;
  /** The same for questions that have the same answer. */
  keyOf(question: Q): string;
  /** Rejects when it can't be found out; a failure is never kept. */
  ask(question: Q, signal: AbortSignal): Promise<A>;
  /** How long an answer may be given again, ms from when it was asked for. */
  keep(answer: A): { readonly ms: number; readonly negative: boolean };
}

/**
 * Caches answers: a cached answer is given at once, the same question is asked once at a time, and no answer is given after
 * its time. `signal` aborts the wait of one caller; the others go on.
 */
export function memo<Q, A>(asking: Asking<Q, A>): (question: Q, signal?: AbortSignal) => Maybe<A> {
  const good = lru<A>(asking.entries);
  const bad = lru<A>(Math.ceil(asking.entries / 10));
  const flights = new Map<string, Promise<A>>();
  const guard = breaker(asking.clock, { failures: asking.failures ?? Number.POSITIVE_INFINITY, rest: REST });

  const fly = async (key: string, question: Q, startedAt: number): Promise<A> => {
    try {
      const answer = await inTime(asking, question);
      const { ms, negative } = asking.keep(answer);
      if (ms > 0) (negative ? bad : good).set(key, answer, startedAt + ms);
      guard.succeeded();
      return answer;
    } catch (error) {
      guard.failed();
      throw asFault(asking.code, asking.what, error);
    } finally {
      flights.delete(key);
    }
  };

  return (question, signal) => {
    const key = asking.keyOf(question);
    const now = asking.clock.monotonic();
    const kept = good.get(key, now) ?? bad.get(key, now);
    if (kept !== null) return kept.value;
    const flying = flights.get(key);
    if (flying !== undefined) return leaving(asking, flying, signal);
    if (flights.size >= MOST_FLIGHTS) return refuse(asking, "too many questions are open at once");
    if (!guard.allows())
      return refuse(asking, `not asked, since it failed ${asking.failures} times in a row`);
    const flight = fly(key, question, now);
    flights.set(key, flight);
    return leaving(asking, flight, signal);
  };
}

async function inTime<Q, A>(asking: Asking<Q, A>, question: Q): Promise<A> {
  const stop = new AbortController();
  const late = new Error(`no answer within ${asking.timeout} ms`);
  const timer = setTimeout(() => stop.abort(late), asking.timeout);
  try {
    return await unlessAborted(asking.ask(question, stop.signal), stop.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function leaving<Q, A>(
  asking: Asking<Q, A>,
  flight: Promise<A>,
  signal: AbortSignal | undefined,
): Promise<A> {
  if (signal === undefined) return flight;
  try {
    return await unlessAborted(flight, signal);
  } catch (error) {
    throw asFault(asking.code, asking.what, error);
  }
}

function refuse<Q, A>(asking: Asking<Q, A>, why: string): Promise<never> {
  return Promise.reject(new Fault(asking.code, `${asking.what}: ${why}`));
}
