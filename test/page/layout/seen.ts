import type { Page } from "playwright-core";

/** Something of the page that a person reads or presses, at the points of it that were looked at. */
export interface Piece {
  readonly key: string;
  /** What lies uppermost at each point: the piece itself, the banner, something else, or nothing since it is outside of the window. */
  readonly at: readonly ("itself" | "banner" | "other" | "outside")[];
  readonly y: number;
}

/** At the beginning, the middle and the end. */
export type Seen = readonly (readonly Piece[])[];

/** Where the banner is in the window, px. */
export interface Band {
  readonly top: number;
  readonly bottom: number;
}

/** Everything that is read or pressed, in the order of the document, and what `elementFromPoint` says of it. */
const LOOK = `(top, bottom) => {
  const pieces = [];
  const deep = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (inner === null || inner === found) break;
      found = inner;
    }
    return found;
  };
  const hit = (element, x, y) => {
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return "outside";
    const found = deep(x, y);
    if (found === null) return "outside";
    if (found?.localName === "guise-banner") return "banner";
    if (element !== found && !element.contains(found)) return "other";
    // Over the banner, or under one that a modal dialog has made inert: elementFromPoint passes through it.
    return y > top && y < bottom ? "banner" : "itself";
  };
  const visit = (element, path) => {
    if (element.localName === "guise-banner" || /^(?:style|script|title|template|option)$/.test(element.localName)) return;
    const texts = [...element.childNodes].filter((it) => it.nodeType === 3 && it.data.trim() !== "");
    const boxes = texts.map((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return range.getClientRects()[0];
    });
    if (element.matches("a,button,input,select,textarea,summary,iframe,[tabindex]")) boxes.push(element.getBoundingClientRect());
    boxes.forEach((box, index) => {
      if (box === undefined || box.width < 1 || box.height < 1) return;
      const x = box.x + box.width / 2;
      const at = [box.y + 2, box.y + box.height / 2, box.bottom - 2].map((y) => hit(element, x, Math.floor(y)));
      pieces.push({ key: path + "#" + index + " " + (texts[index]?.data.trim().slice(0, 30) ?? element.localName), at, y: box.y });
    });
    let number = 0;
    for (const child of [...element.children, ...(element.shadowRoot?.children ?? [])])
      if (child.localName !== "guise-banner") visit(child, path + "/" + child.localName + number++);
  };
  visit(document.body, "");
  return pieces;
}`;

/** Scrolls the window there, and at the end everything in it that scrolls. */
const SCROLL = `(to) => {
  scrollTo({ top: to === "end" ? 1e7 : to, behavior: "instant" });
  for (const each of document.querySelectorAll("body, body *"))
    if (each.localName !== "guise-banner" && each.scrollHeight > each.clientHeight && /auto|scroll/.test(getComputedStyle(each).overflowY))
      each.scrollTop = to === "end" ? 1e7 : 0;
}`;

/** What is seen at the beginning, this far down, and at the end. */
export async function seen(page: Page, middle: number, band: Band): Promise<Seen> {
  return await page.evaluate<Seen>(`(() => {
    const scroll = ${SCROLL};
    const found = [];
    for (const to of [0, ${middle}, "end"]) {
      scroll(to);
      found.push((${LOOK})(${band.top}, ${band.bottom}));
    }
    return found;
  })()`);
}

/** What can be reached in the window without the banner, and can't with it. */
export function lost(without: readonly Piece[], beside: readonly Piece[]): readonly string[] {
  const found = new Map(beside.map((piece) => [piece.key, piece]));
  return without.flatMap(({ key, at }) => {
    const piece = found.get(key);
    if (piece === undefined) return at.includes("itself") ? [`${key} is gone`] : [];
    return at.flatMap((what, index) => {
      const now = piece.at[index];
      if (what !== "itself" || now === "itself" || now === "outside") return [];
      return [
        `${key} at ${Math.round(piece.y)} is under ${now === "banner" ? "the banner" : "something else"}`,
      ];
    });
  });
}

/** In whole px: what is in between belongs to nobody. */
export async function bannerHeight(page: Page): Promise<number> {
  return Math.ceil(
    await page.evaluate<number>("document.querySelector('guise-banner').getBoundingClientRect().height"),
  );
}
