const SAMPLE = /^([A-Za-z_:][\w:]*(?:\{.*\})?) (\S+)$/;
/** Of these the newest counts: their sum means nothing. */
const NEWEST = /^(?:process_start_time_seconds|nodejs_version_info)\b/;

/** Several answers in Prometheus' text format as one: each number is the sum of all. */
export function summed(texts: readonly string[]): string {
  const order: string[] = [];
  const values = new Map<string, number>();
  for (const line of texts.flatMap((it) => it.split("\n"))) {
    const [, name, value] = SAMPLE.exec(line) ?? [];
    const key = name ?? line;
    const before = values.get(key);
    if (before === undefined && key !== "") order.push(key);
    const now = value === undefined ? Number.NaN : Number(value);
    values.set(key, before === undefined ? now : NEWEST.test(key) ? Math.max(before, now) : before + now);
  }
  return `${grouped(order)
    .map((key) => (key.startsWith("#") ? key : `${key} ${written(values.get(key) ?? 0)}`))
    .join("\n")}\n`;
}

/** The samples of one metric stand together, behind what says its type. */
function grouped(order: readonly string[]): readonly string[] {
  const groups = new Map<string, string[]>();
  let current = "";
  for (const key of order) {
    if (key.startsWith("# ")) current = key.split(" ")[2] ?? current;
    else current = familyOf(key, groups) ?? current;
    const group = groups.get(current) ?? [];
    group.push(key);
    groups.set(current, group);
  }
  return [...groups.values()].flat();
}

function familyOf(key: string, groups: ReadonlyMap<string, unknown>): string | null {
  const name = key.split("{")[0] ?? key;
  const stem = name.replace(/_(?:bucket|sum|count)$/, "");
  return groups.has(name) ? name : groups.has(stem) ? stem : null;
}

function written(value: number): string {
  return value === Number.POSITIVE_INFINITY ? "+Inf" : String(value);
}
