import type { Maybe } from "../ports.ts";

/** Calls `next` at once if the value is there. A promise for each stage would cost more time than most stages do. */
export function after<T, U>(it: Maybe<T>, next: (it: T) => Maybe<U>): Maybe<U> {
  return it instanceof Promise ? it.then(next) : next(it);
}
