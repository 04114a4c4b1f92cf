/**
 * Keeps this page's scripts to the customer's cookies of this host. What they set with a `Domain` is set without: it would go to other
 * hosts with the agent's own requests. Of two that have one name, they see the customer's; the other is the agent's own, which has a
 * `Domain` and can't be taken out of the browser, since neighbour hosts need it.
 * @param {import("./element.js").Banner} banner
 */
export function startCookies({ config }) {
  const native = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  if (native?.get === undefined || native.set === undefined) return;
  const { get, set } = native;
  const ours = new Map(config.cookies);
  /** @type {Set<string>} */
  const others = new Set();
  Object.defineProperty(Document.prototype, "cookie", {
    ...native,
    /** @this {Document} */
    get() {
      return customersOf(get.call(this), ours, others);
    },
    /** @this {Document} @param {unknown} text */
    set(text) {
      const line = String(text);
      const [, name, value = ""] = /^\s*([^=;]*?)\s*=\s*([^;]*?)\s*(?:;|$)/.exec(line) ?? [];
      const wide = /;\s*domain\s*=\s*[^;\s]/i.test(line);
      if (name !== undefined && (wide || ours.has(name))) ours.set(name, digest(value));
      set.call(this, line.replace(/;\s*domain\s*=[^;]*/gi, ""));
    },
  });
}

/**
 * @param {string} text as the browser has it
 * @param {Map<string, string>} ours what the customer's values are, by name
 * @param {Set<string>} others what was seen beside them
 */
function customersOf(text, ours, others) {
  if (ours.size === 0) return text;
  const pairs = text.split("; ").map((pair) => {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? "" : pair.slice(0, equals);
    return { pair, name, seen: `${name}=${digest(pair.slice(equals + 1))}` };
  });
  for (const [name, value] of ours) {
    const named = pairs.filter((it) => it.name === name);
    const fresh = named.filter((it) => !others.has(it.seen));
    if (named.some((it) => it.seen === `${name}=${value}`))
      for (const it of named) if (it.seen !== `${name}=${value}`) others.add(it.seen);
    // An answer has set another value since.
    if (!named.some((it) => it.seen === `${name}=${value}`) && fresh.length === 1)
      ours.set(name, fresh[0]?.seen.slice(name.length + 1) ?? value);
  }
  return pairs
    .filter(({ seen }) => !others.has(seen))
    .map(({ pair }) => pair)
    .join("; ");
}

/**
 * FNV-1a, as `digestOf` in domain/cookies/cookie-mirror.ts: tells values apart without telling them.
 * @param {string} text
 */
function digest(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
