import { plainText, rawText, scriptText } from "./raw-text.ts";
import { data, type Scan, type State, scan } from "./tokenizer.ts";

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
  const twin: Twin = {
    closedAt: null,
    scan: scan({
      text: () => undefined,
      bracket: () => undefined,
      tag: (it) => {
        if (it.end && it.name === "noscript" && !swallowed) twin.closedAt ??= it.at;
        if (SWALLOWS.has(it.name) && it.name !== "noscript") swallowed = true;
        return it.name === "noscript" ? data : content(it);
      },
    }),
  };
  return twin;
}

/** How a browser reads a template if none of the elements in it has raw text. */
export function withoutRawText(): Twin {
  let depth = 1;
  const twin: Twin = {
    closedAt: null,
    scan: scan({
      text: () => undefined,
      bracket: () => undefined,
      tag: (it) => {
        if (it.name === "template") depth += it.end ? -1 : 1;
        if (depth === 0) twin.closedAt ??= it.at;
        return data;
      },
    }),
  };
  return twin;
}
