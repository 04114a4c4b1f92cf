import type { Maybe } from "../ports.ts";

/** Goes on with it at once where it is here: own traffic waits for nothing, and a promise for each stage costs more than most stages. */
export function after<T, U>(it: Maybe<T>, next: (it: T) => Maybe<U>): Maybe<U> {
  return it instanceof Promise ? it.then(next) : next(it);
}
