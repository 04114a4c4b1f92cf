/** Work that is done piece by piece: at each `yield`, who does it may let others in. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does it at one go. */
export function finish<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
