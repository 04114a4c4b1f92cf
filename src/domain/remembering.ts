/** Sets an entry of a map that grows no further than `most`: the one that was set the longest ago makes room. */
export function setBounded<K, V>(map: Map<K, V>, most: number, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** The answers to so many questions are kept; strange questions can't make them grow, and longer ones than `longest` aren't kept. */
export function remembering<T>(
  ask: (question: string) => T,
  most: number,
  longest = Number.POSITIVE_INFINITY,
): (question: string) => T {
  const known = new Map<string, T>();
  return (question) => {
    const before = known.get(question);
    if (before !== undefined) return before;
    const answer = ask(question);
    if (question.length <= longest) setBounded(known, most, question, answer);
    return answer;
  };
}
