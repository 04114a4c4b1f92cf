import { plainText, rawText, scriptText } from "./raw-text.ts";
import { data, Scan, type State } from "./tokenizer.ts";

/**
 * Elements whose text is no markup, wherever they stand. A browser reads some of them as markup after all: noscript
 * when scripts are off, all of them inside of svg, math and select.
 */
const RAW: Readonly<Record<string, State>> = {
  title: rawText,
  textarea: rawText,
  style: rawText,
  xmp: rawText,
  iframe: rawText,
  noembed: rawText,
  noframes: rawText,
  noscript: rawText,
  script: scriptText,
  plaintext: plainText,
};

/** The state in which the content of an element is read. */
export function content(it: Scan): State {
  if (it.end || !Object.hasOwn(RAW, it.name)) return data;
  it.raw = it.name;
  return RAW[it.name] ?? data;
}

/** A second reading of the content of one element, by other rules; `closedAt` is where it saw the element end. */
export interface Twin {
  readonly scan: Scan;
  closedAt: number | null;
}

/** Inside of these a browser reads raw text as markup, or drops elements. */
export const MIXES: ReadonlySet<string> = new Set(["svg", "math", "select", "col", "colgroup", "noscript"]);
const SWALLOWS: ReadonlySet<string> = new Set([...MIXES, "template", "frameset"]);

/**
 * How a browser without scripts reads a noscript element in the head. It doesn't end where it seems to when it holds
 * an element that would swallow what follows.
 */
export function withoutScripts(): Twin {
  let swallowed = false;
  return twin((it, closed) => {
    if (it.end && it.name === "noscript" && !swallowed) closed();
    if (SWALLOWS.has(it.name) && it.name !== "noscript") swallowed = true;
    return it.name === "noscript" ? data : content(it);
  });
}

/** How a browser reads a template if none of the elements in it has raw text. */
export function withoutRawText(): Twin {
  let depth = 1;
  return twin((it, closed) => {
    if (it.name === "template") depth += it.end ? -1 : 1;
    if (depth === 0) closed();
    return data;
  });
}

/** `closed` is to be called at the tag that ends the element. */
function twin(tag: (it: Scan, closed: () => void) => State): Twin {
  const nothing = () => undefined;
  const closed = () => {
    it.closedAt ??= it.scan.at;
  };
  const sink = { text: nothing, bracket: nothing, tag: (scan: Scan) => tag(scan, closed) };
  const it: Twin = { closedAt: null, scan: new Scan(sink) };
  return it;
}
