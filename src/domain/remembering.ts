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
    if (known.size >= most) known.clear();
    if (question.length <= longest) known.set(question, answer);
    return answer;
  };
}
