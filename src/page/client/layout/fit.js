import { specified } from "./pinned.js";

const DEPTH = 12;
const MOST = 300;
export const SIZES = ["height", "max-height", "min-height"];

/**
 * Makes shorter what would reach beyond the window's rest.
 * @typedef {object} Fit
 * @property {(element: HTMLElement, by: number) => void} shorten takes this much of the height that styles give it
 * @property {(elements: Element[], end: number, by: number) => void} shortenAt takes it of those that end there
 * @property {() => void} forget after the offsets were cleared
 */

/**
 * @param {import("./offsets.js").Offsets} offsets
 * @returns {Fit}
 */
export function createFit(offsets) {
  /** @type {Map<Element, number>} */
  let taken = new Map();
  const shorten = (/** @type {HTMLElement} */ element, /** @type {number} */ by) => {
    const known = taken.get(element) ?? 0;
    // It is as high as what is in it, whatever styles say.
    if (Number.isNaN(known)) return;
    const before = element.getBoundingClientRect().height;
    for (const name of SIZES) offsets.take(element, name);
    const whole = element.getBoundingClientRect().height;
    for (const name of SIZES) {
      const size = specified(element, name);
      if (size === null || size.auto) continue;
      const low =
        name === "min-height" && Number.parseFloat(getComputedStyle(element).minHeight) <= whole - known - by;
      if (!low) offsets.give(element, name, `calc(${size.text} - ${known + by}px)`, "replace");
    }
    const vain = element.getBoundingClientRect().height > before - 0.5;
    if (vain && known === 0) for (const name of SIZES) offsets.take(element, name);
    taken.set(element, vain ? Number.NaN : known + by);
  };
  return {
    shorten,
    shortenAt: (elements, end, by) => {
      for (const element of endingAt(elements, end, by)) if (fromWindow(element)) shorten(element, by);
    },
    forget: () => {
      taken = new Map();
    },
  };
}

/**
 * Those, and what is in them, that end at this line of the window; each after the one around it was dealt with, and
 * also within those that followed and end sooner by this much.
 * @param {Element[]} elements
 * @param {number} end
 * @param {number} by
 */
function* endingAt(elements, end, by) {
  let level = elements;
  let count = 0;
  for (let depth = 0; depth < DEPTH && level.length > 0; depth += 1) {
    /** @type {Element[]} */
    const next = [];
    for (const element of level) {
      count += 1;
      if (count > MOST) return;
      if (!(element instanceof HTMLElement) || element.localName === "guise-banner") continue;
      const beyond = element.getBoundingClientRect().bottom - end;
      if (Math.abs(beyond) < 1.5) yield element;
      else if (Math.abs(beyond + by) > 1.5) continue;
      next.push(...element.children, ...(element.shadowRoot?.children ?? []));
    }
    level = next;
  }
}

/**
 * Whether its height doesn't follow the elements around it or in it, so comes from the window's, as it ends with that.
 * @param {HTMLElement} element
 */
function fromWindow(element) {
  if (getComputedStyle(element).position === "fixed") return false;
  const sizes = [specified(element, "height"), specified(element, "min-height")];
  return sizes.some(
    (size) => size !== null && !size.auto && size.percent === 0 && Number.parseFloat(size.text) !== 0,
  );
}
