/** After this long without a key, a click, a touch or a turn of the wheel nobody is taken to be at this page, ms. */
const ABSENT_AFTER = 60_000;
const ACTIONS = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"];

/**
 * Watches whether somebody is at this page; what the page asks for by itself must not keep an impersonation alive.
 * @returns {() => boolean}
 */
export function startAttend() {
  let last = Date.now();
  const action = (/** @type {Event} */ event) => {
    if (event.isTrusted) last = Date.now();
  };
  for (const name of ACTIONS) addEventListener(name, action, { capture: true, passive: true });
  return () => Date.now() - last < ABSENT_AFTER;
}
