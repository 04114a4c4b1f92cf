import { compile, selectAll } from "css-select";
import { parse } from "parse5";
import { adapter, type Htmlparser2TreeAdapterMap } from "parse5-htmlparser2-tree-adapter";
import { whyOf } from "../errors.ts";

type Node = Htmlparser2TreeAdapterMap["node"];
type Element = Htmlparser2TreeAdapterMap["element"];

/**
 * Finds elements of a page as a browser does that runs no scripts: of each that is meant the value of the attribute, or its text where
 * none is named; those without are left out. A text says what is wrong with the selector.
 */
export function elementFinder(
  selector: string,
  attribute: string | null,
): ((html: string) => readonly string[]) | string {
  let query: ReturnType<typeof compile<Node, Element>>;
  try {
    query = compile<Node, Element>(selector);
  } catch (error) {
    return whyOf(error);
  }
  return (html) => {
    const found = selectAll<Node, Element>(query, parse(html, { treeAdapter: adapter }));
    const values = found.map((it) => (attribute === null ? textOf(it) : it.attribs[attribute]));
    return values.filter((it) => it !== undefined);
  };
}

/** With single spaces, as a reader sees it. Without recursion: a page may be nested as deep as it likes. */
function textOf(element: Element): string {
  const pieces: string[] = [];
  const open: Node[] = [element];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (adapter.isTextNode(node)) pieces.push(node.data);
    else if ("children" in node) open.push(...node.children.toReversed());
  }
  return pieces.join("").replace(/\s+/g, " ").trim();
}
