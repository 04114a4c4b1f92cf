import { pinnedIn, pinOf, placedByScript, specified } from "./pinned.js";
import { shows } from "./shows.js";

/** How often an element may be moved back; after that it stays moved, whatever the app does. */
const TURNS = 8;

/**
 * What the banner takes of the window.
 * @typedef {object} Strip
 * @property {"top" | "bottom"} edge
 * @property {number} height
 */

/**
 * @typedef {object} State
 * @property {import("./pinned.js").Pin} pin
 * @property {string} name the property that moves it
 * @property {number} asked how far it is to go, px
 * @property {number} by how far it went
 * @property {boolean} vain whether it can't be moved
 * @property {number} turns
 */

/**
 * Where a box begins and ends, px from the banner's edge of the window.
 * @typedef {{ near: number, far: number, left: number, right: number }} Reach
 */

/**
 * Moves what keeps to the window as if the window ended at the banner, and makes it shorter where it would reach over
 * the other edge then.
 * @param {import("./offsets.js").Offsets} offsets
 * @param {import("./fit.js").Fit} fit
 * @param {(root: ShadowRoot) => void} shadow is called with each open shadow root
 */
export function createShift(offsets, fit, shadow) {
  /** @type {Map<HTMLElement, State>} */
  const known = new Map();
  return {
    /**
     * Looks at what is known, and for more in these elements.
     * @param {Strip} strip
     * @param {Iterable<Element>} changed
     */
    look: (strip, changed) => {
      for (const [element, { pin }] of known) {
        if (element.isConnected && pinOf(element, getComputedStyle(element)) === pin) continue;
        known.delete(element);
        offsets.clear(element);
      }
      for (const root of changed)
        for (const [element, pin] of pinnedIn(root, shadow))
          if (!known.has(element))
            known.set(element, { pin, name: "", asked: 0, by: 0, vain: false, turns: 0 });
      moveAll(offsets, known, strip);
      for (const [element, state] of known) shortenToWindow(fit, element, state, strip);
    },
    forget: () => known.clear(),
  };
}

/**
 * @param {import("./offsets.js").Offsets} offsets
 * @param {Map<HTMLElement, State>} known
 * @param {Strip} strip
 */
function moveAll(offsets, known, strip) {
  const all = [...known].map(([element, state]) => {
    const reach = reachOf(element, state, strip, state.by);
    return { element, state, reach, by: wanted(element, state, reach, strip) };
  });
  for (const each of all) {
    if (each.by > 0 || !placedByScript(each.element, getComputedStyle(each.element))) continue;
    // What a script put right behind something that is moved goes with it.
    const { near, left, right } = each.reach;
    const behind = all.some(
      ({ by, reach }) =>
        by > 0 && Math.abs(reach.far - near) < 1.5 && reach.left < right && left < reach.right,
    );
    if (behind) each.by = strip.height;
  }
  const moved = all.filter(({ element, state, by }) => move(offsets, element, state, by, strip));
  for (const { element, state, reach } of moved) {
    const went = reachOf(element, state, strip, 0).near - reach.near;
    state.vain = state.asked > 0 && state.pin !== "sticky" && went < 0.5;
    state.by = state.pin === "sticky" ? state.asked : Math.max(0, went);
    if (state.vain) offsets.take(element, state.name);
  }
}

/**
 * Whether anything was done.
 * @param {import("./offsets.js").Offsets} offsets
 * @param {HTMLElement} element
 * @param {State} state
 * @param {number} by
 * @param {Strip} strip
 */
function move(offsets, element, state, by, strip) {
  if (state.vain || Math.abs(by - state.asked) < 0.5 || (by === 0 && state.turns >= TURNS)) return false;
  state.asked = by;
  if (by === 0) {
    offsets.take(element, state.name);
    state.turns += 1;
    return true;
  }
  state.name ||= vehicle(element, state, strip);
  offsets.give(element, state.name, `${state.name.endsWith(strip.edge) ? by : -by}px`);
  return true;
}

/**
 * A margin moves what is placed from this edge and nothing else, and leaves the inset to the app and its transitions.
 * @param {HTMLElement} element
 * @param {State} state
 * @param {Strip} strip
 */
function vehicle(element, { pin }, { edge }) {
  const near = pin === "sticky" || specified(element, edge)?.auto !== true;
  const margin = `margin-${near ? edge : otherEdge(edge)}`;
  return pin === "sticky" || specified(element, margin)?.auto === true ? edge : margin;
}

/** @param {"top" | "bottom"} edge */
function otherEdge(edge) {
  return edge === "top" ? "bottom" : "top";
}

/**
 * How far the element has to be moved.
 * @param {HTMLElement} element
 * @param {State} state
 * @param {Reach} reach where it is without
 * @param {Strip} strip
 */
function wanted(element, state, { near, far }, { edge, height }) {
  const inset = specified(element, edge);
  const scripted = placedByScript(element, getComputedStyle(element));
  const share = Math.max(0, height * (1 - (inset?.percent ?? 0) / 100));
  if (state.pin === "sticky") {
    if (inset?.auto ?? Number.isNaN(Number.parseFloat(getComputedStyle(element)[edge]))) return 0;
    return scripted && near >= height ? 0 : share;
  }
  // From the other edge by a part of the window's height, of which some is gone.
  if (inset?.auto === true && state.name !== edge)
    return Math.max(0, (height * (specified(element, otherEdge(edge))?.percent ?? 0)) / 100);
  if (element === document.body) return height;
  // What has no height, or all of the window's, often only holds what a script puts somewhere.
  const holds = far - near < 1 || (near <= 0.5 && far >= innerHeight - 0.5);
  if (holds) return state.by > 0 || shows(element, { edge, height }) ? share : 0;
  if (!scripted) return share;
  // Beyond the window's edge it is hidden on purpose.
  if (far <= 0.5) return state.by;
  return near < height - 0.5 ? height : 0;
}

/**
 * Where the element is, less this much; where it sticks, if it is sticky; before anything is scrolled, if it scrolls.
 * @param {HTMLElement} element
 * @param {State} state
 * @param {Strip} strip
 * @param {number} less
 * @returns {Reach}
 */
function reachOf(element, { pin }, { edge }, less) {
  const { top, bottom, left, right, height } = element.getBoundingClientRect();
  if (pin === "sticky") {
    const style = getComputedStyle(element);
    const inset = Number.parseFloat(style[edge]);
    const other = Number.parseFloat(style[otherEdge(edge)]);
    const near = (Number.isNaN(inset) ? innerHeight - other - height : inset) - less;
    return { near, far: near + height, left, right };
  }
  const scrolled = pin === "absolute" ? scrollY : 0;
  const [near, far] =
    edge === "top"
      ? [top + scrolled, bottom + scrolled]
      : [innerHeight - bottom - scrolled, innerHeight - top - scrolled];
  return { near: near - less, far: far - less, left, right };
}

/**
 * @param {import("./fit.js").Fit} fit
 * @param {HTMLElement} element
 * @param {State} state
 * @param {Strip} strip
 */
function shortenToWindow(fit, element, state, strip) {
  const now = reachOf(element, state, strip, 0);
  const { edge, height } = strip;
  const { by, vain } = state;
  const over = now.far - by <= innerHeight + 0.5 ? now.far - innerHeight : 0;
  // What is placed from the other edge, and as high as the window.
  const fromOther = by > 0 || vain || (specified(element, edge)?.auto ?? false);
  const under = fromOther && now.near - by >= -0.5 && now.far > height ? height - now.near : 0;
  const { bottom } = element.getBoundingClientRect();
  const needed = Math.max(over, under);
  if (needed > 0.5) {
    fit.shorten(element, needed);
    // What stands in the middle loses at both ends.
    const gained = under > over ? reachOf(element, state, strip, 0).near - now.near : needed;
    if (gained > 0.5 && gained < needed - 0.5) fit.shorten(element, (needed * needed) / gained - needed);
  } else if (by === 0) return;
  const end = edge === "bottom" ? innerHeight : Math.max(bottom, innerHeight + by);
  fit.shortenAt([...element.children], end, height);
}
