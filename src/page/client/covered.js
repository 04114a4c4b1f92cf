/** What stands in the top layer; what is in closed shadow roots isn't found. */
const TOP_LAYER = ":popover-open, :modal, :fullscreen";

/**
 * Gives a function that says, each time it is asked, what of the app lies on the banner: `under` where pointers meet it there; `perhaps`
 * where something has come into the top layer since the last look, which may let pointers through.
 * @param {import("./element.js").Banner} banner
 * @returns {() => "under" | "perhaps" | "no"}
 */
export function coverWatch({ host, bar, styled }) {
  /** @type {Element[]} */
  let known = [];
  return () => {
    if (!styled || !host.matches(":popover-open")) return "no";
    const others = [...document.querySelectorAll(TOP_LAYER)].filter((it) => it !== host);
    const came = others.some((it) => !known.includes(it));
    known = others;
    // While a dialog of the app blocks the page, no point of it is the banner's.
    if (document.querySelector(":modal") === null && isUnder(host, bar.getBoundingClientRect()))
      return "under";
    return came ? "perhaps" : "no";
  };
}

/**
 * @param {HTMLElement} host
 * @param {DOMRect} box
 */
function isUnder(host, { left, top, width, height }) {
  return [0.1, 0.5, 0.9].some((part) => {
    const hit = document.elementFromPoint(left + width * part, top + height / 2);
    return hit !== null && hit !== host;
  });
}
