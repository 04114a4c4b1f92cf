/** Sets an entry of a map that has at most `most` entries: when it is full, the oldest entry is removed. */
export function setBounded<K, V>(map: Map<K, V>, most: number, key: K, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** Caches at most `most` answers of a function; questions longer than `longest` aren't cached. */
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
