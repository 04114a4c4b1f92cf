/** How much of the time may go into looking: after a look at all that took 5 ms there is none for 20 times as long. */
const REST = { whole: 20, part: 4 };
/** The whole page is looked at when this long, ms, has passed since something happened. */
const PAUSE = 150;
/** More than this many changed elements at once are left to that. */
const MANY = 100;
/** What takes part in whether, and how, an element is placed. */
const ATTRIBUTES = ["class", "style", "open", "hidden"];

/**
 * @typedef {object} Looks
 * @property {() => void} whole looks at the whole page, at once
 * @property {() => void} rested the same if the last such look was long enough ago, else soon
 * @property {() => void} soon looks at it when some time has passed
 * @property {(root: Node) => void} observe looks at what changes in there, before it is painted
 * @property {() => void} end
 */

/**
 * Says when to look at what: what was changed before it is painted, all of the page somewhat later, neither more often
 * than its cost allows.
 * @param {(changed: Iterable<Element>, whole: boolean) => void} look
 * @returns {Looks}
 */
export function createLooks(look) {
  /** @type {Set<Element>} */
  let changed = new Set();
  let frame = 0;
  let timer = 0;
  const restUntil = { whole: 0, part: 0 };
  const run = (/** @type {"whole" | "part"} */ kind, /** @type {Iterable<Element>} */ elements) => {
    changed = new Set();
    const from = performance.now();
    look(elements, kind === "whole");
    const to = performance.now();
    restUntil[kind] = to + REST[kind] * (to - from);
    // What it changed itself is no news.
    observer.takeRecords();
  };
  const whole = () => {
    clearTimeout(timer);
    timer = 0;
    run("whole", [document.documentElement]);
  };
  const soon = () => {
    timer ||= setTimeout(whole, Math.max(PAUSE, restUntil.whole - performance.now()));
  };
  const painted = () => {
    frame = 0;
    // What is too much, or too soon, waits for the look at all.
    if (changed.size <= MANY && performance.now() >= restUntil.part) run("part", changed);
  };
  const observer = new MutationObserver((records) => {
    // A title takes no room, and is changed by us and by many an app again and again.
    const placed = records.filter(({ target }) => !(target instanceof HTMLTitleElement));
    if (placed.length === 0) return;
    for (const { type, target, addedNodes } of placed)
      for (const node of type === "attributes" ? [target] : addedNodes)
        if (node instanceof Element) changed.add(node);
    soon();
    frame ||= requestAnimationFrame(painted);
  });
  return {
    whole,
    rested: () => (performance.now() < restUntil.whole ? soon() : whole()),
    soon,
    observe: (root) =>
      observer.observe(root, { childList: true, subtree: true, attributeFilter: ATTRIBUTES }),
    end: () => {
      observer.disconnect();
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    },
  };
}
