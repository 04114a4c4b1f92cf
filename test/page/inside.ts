import type { CDPSession, Page } from "playwright-core";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface DomNode {
  readonly nodeId: number;
  readonly localName: string;
  readonly children?: readonly DomNode[];
  readonly shadowRoots?: readonly DomNode[];
  readonly contentDocument?: DomNode;
}

/** Sees into the closed root of the banner, as only a debugger can. */
export interface Inside {
  /** What the function gives for the first element that matches; it runs in the page with the element as `this`. */
  call<T>(selector: string, body: string): Promise<T>;
  box(selector: string): Promise<Box>;
  click(selector: string): Promise<void>;
  has(selector: string): Promise<boolean>;
  /** What lies uppermost in the middle of the bar, and where the bar is. */
  uppermost(): Promise<{ readonly name: string; readonly box: Box; readonly colour: string }>;
}

export async function inside(page: Page): Promise<Inside> {
  const session = await page.context().newCDPSession(page);
  const it: Inside = {
    call: (selector, body) => call(session, selector, body),
    box: (selector) =>
      call(
        session,
        selector,
        "const b = this.getBoundingClientRect(); return { x: b.x, y: b.y, width: b.width, height: b.height };",
      ),
    click: async (selector) => {
      const { x, y, width, height } = await it.box(selector);
      await page.mouse.click(x + width / 2, y + height / 2);
    },
    has: async (selector) => (await find(session, selector)) !== 0,
    uppermost: async () => {
      const box = await it.box(".bar");
      const colour = await call<string>(session, ".bar", "return getComputedStyle(this).backgroundColor;");
      const name = await call<string>(
        session,
        ".bar",
        "const b = this.getBoundingClientRect(); return document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)?.localName ?? '';",
      );
      return { name, box, colour };
    },
  };
  return it;
}

async function find(session: CDPSession, selector: string): Promise<number> {
  const { root } = (await session.send("DOM.getDocument", { depth: -1, pierce: true })) as { root: DomNode };
  const shadow = shadowOf(root);
  if (shadow === null) throw new Error("there is no banner in this page");
  return (await session.send("DOM.querySelector", { nodeId: shadow.nodeId, selector })).nodeId;
}

function shadowOf(node: DomNode): DomNode | null {
  if (node.localName === "guise-banner") return node.shadowRoots?.[0] ?? null;
  for (const child of node.children ?? []) {
    const found = shadowOf(child);
    if (found !== null) return found;
  }
  return null;
}

async function call<T>(session: CDPSession, selector: string, body: string): Promise<T> {
  const nodeId = await find(session, selector);
  if (nodeId === 0) throw new Error(`the banner has no ${selector}`);
  const { object } = await session.send("DOM.resolveNode", { nodeId });
  const { result, exceptionDetails } = await session.send("Runtime.callFunctionOn", {
    objectId: object.objectId ?? "",
    functionDeclaration: `function () { ${body} }`,
    returnByValue: true,
  });
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
  return result.value as T;
}
