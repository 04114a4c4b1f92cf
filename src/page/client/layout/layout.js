import { createFit, SIZES } from "./fit.js";
import { createLooks } from "./looks.js";
import { createOffsets } from "./offsets.js";
import { fitPage, makeRoom } from "./room.js";
import { createShift } from "./shift.js";

/** What may move something without a change of an element that would be told. */
const EVENTS = [
  "scroll",
  "load",
  "toggle",
  "focusin",
  "focusout",
  "transitionend",
  "animationend",
  "pointerup",
];

/**
 * Makes room for the banner: the page gets its height as padding, and what keeps to the window is moved by as much, so
 * that nothing of the app lies under it. Gives a function that puts all back.
 * @param {import("../element.js").Banner} banner
 */
export function startLayout({ host, bar, root, config }) {
  /** @type {import("./shift.js").Strip} */
  const strip = { edge: config.edge, height: 0 };
  const looks = createLooks((changed) => look(changed));
  const offsets = createOffsets(looks.soon);
  const fit = createFit(offsets);
  const shift = createShift(offsets, fit, looks.observe);
  const clear = (room = true) => {
    // The room stays where only a new one comes: a page without it would lose how far it is scrolled.
    for (const element of offsets.elements())
      if (room || element !== document.documentElement) offsets.clear(element);
    for (const name of SIZES) offsets.take(document.documentElement, name);
    shift.forget();
    fit.forget();
    if (room) strip.height = 0;
  };
  const look = (/** @type {Iterable<Element>} */ changed) => {
    if (matchMedia("print").matches || !bar.isConnected) return;
    const turned = root.querySelector(".other:checked") !== null;
    const edge = turned === (config.edge === "top") ? "bottom" : "top";
    const { height } = bar.getBoundingClientRect();
    const moved = edge !== strip.edge || Math.abs(height - strip.height) > 0.5;
    if (moved) {
      clear(false);
      Object.assign(strip, { edge, height });
      makeRoom(offsets, strip);
    }
    shift.look(strip, moved ? [document.documentElement] : changed);
    fitPage(offsets, fit, strip);
  };
  looks.whole();
  host.setAttribute("room", "");
  looks.observe(document);
  const unlisten = listen({
    soon: looks.soon,
    resized: () => {
      clear(false);
      looks.whole();
    },
    paper: () => clear(),
    screen: looks.whole,
  });
  const sizes = new ResizeObserver(() => look([]));
  sizes.observe(bar);
  root.addEventListener("change", () => look([]));
  return () => {
    unlisten();
    sizes.disconnect();
    looks.end();
    clear();
  };
}

/**
 * Gives a function that ends it.
 * @param {{ soon: () => void, resized: () => void, paper: () => void, screen: () => void }} told
 */
function listen({ soon, resized, paper, screen }) {
  const print = matchMedia("print");
  const media = (/** @type {MediaQueryListEvent} */ { matches }) => (matches ? paper() : screen());
  for (const name of EVENTS) addEventListener(name, soon, { capture: true, passive: true });
  addEventListener("resize", resized);
  addEventListener("beforeprint", paper);
  addEventListener("afterprint", screen);
  print.addEventListener("change", media);
  return () => {
    for (const name of EVENTS) removeEventListener(name, soon, { capture: true });
    removeEventListener("resize", resized);
    removeEventListener("beforeprint", paper);
    removeEventListener("afterprint", screen);
    print.removeEventListener("change", media);
  };
}
