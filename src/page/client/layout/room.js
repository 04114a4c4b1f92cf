import { isStill, specified } from "./pinned.js";

/** What an anchor keeps free beside the banner, px. */
const BESIDE = 8;

/**
 * The page begins, or ends, where the banner does: added to whatever the app has there.
 * @param {import("./offsets.js").Offsets} offsets
 * @param {import("./shift.js").Strip} strip
 */
export function makeRoom(offsets, { edge, height }) {
  const root = document.documentElement;
  for (const name of ["padding", "scroll-padding"])
    offsets.take(root, `${name}-${edge === "top" ? "bottom" : "top"}`);
  offsets.give(root, `padding-${edge}`, `${height}px`);
  keepFree(offsets, { edge, height });
}

/**
 * Anchors keep as much free as the app says, beside the banner.
 * @param {import("./offsets.js").Offsets} offsets
 * @param {import("./shift.js").Strip} strip
 */
export function keepFree(offsets, { edge, height }) {
  const root = document.documentElement;
  const name = `scroll-padding-${edge}`;
  // Chromium replaces this one instead of adding to it.
  offsets.take(root, name);
  const own = Number.parseFloat(getComputedStyle(root).getPropertyValue(name));
  offsets.give(root, name, `${height + (Number.isNaN(own) ? BESIDE : own)}px`, "replace");
}

/**
 * A page that fills the window exactly would be longer than it, by the room for the banner. And one whose document is
 * as high as the window, with more in it than that, has no room behind its end.
 * @param {import("./offsets.js").Offsets} offsets
 * @param {import("./fit.js").Fit} fit
 * @param {import("./shift.js").Strip} strip
 */
export function fitPage(offsets, fit, { edge, height }) {
  const root = document.documentElement;
  const { body } = document;
  if (!body) return;
  const still = isStill();
  const own = specified(root, "height");
  const definite = own !== null && !own.auto;
  const holdAll = () => {
    for (const element of [root, body]) offsets.give(element, "min-height", "fit-content", "replace");
  };
  if (!still && root.scrollHeight > innerHeight + height + 1.5) {
    if (edge === "bottom" && definite && body.scrollHeight > innerHeight) holdAll();
    return;
  }
  if (still || root.scrollHeight > innerHeight + height - 1.5) {
    if (definite && root.getBoundingClientRect().height > innerHeight + 1.5) fit.shorten(root, height);
    fit.shortenAt([body], (edge === "top" ? innerHeight + height : innerHeight) - scrollY, height);
  }
  // What fitted into the window and doesn't fit beside the banner, in a body that doesn't scroll by itself.
  const spills =
    body.scrollHeight > body.clientHeight + 1.5 && getComputedStyle(body).overflowY === "visible";
  if (edge === "bottom" && definite && spills) holdAll();
}
