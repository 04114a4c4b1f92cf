/** Characters that show nothing, turn the reading direction, or aren't characters at all. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const SPACES = /[\p{Zs}\p{Zl}\p{Zp}\t\n\f\r]+/gu;
/** More marks on one letter than any language writes. */
const PILED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** The common case, checked quickly. */
const PLAIN = /^[!-~]*(?: [!-~]+)*$/;

const LABEL_LIMIT = 60;

/**
 * Makes a foreign text safe to show: one line without control, zero-width and direction characters or piles of accents, at most
 * `limit` characters. Empty if nothing is left.
 */
export function plain(value: string, limit: number = LABEL_LIMIT): string {
  const start = value.slice(0, limit * 20);
  if (PLAIN.test(start) && start.length <= limit) return start;
  const line = start.replace(SPACES, " ").replace(UNSEEN, "").replace(PILED_MARKS, "$1").trim();
  const characters = [...line];
  return characters.length > limit
    ? `${characters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}\u2026`
    : line;
}
