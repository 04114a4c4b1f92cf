import { createFit, SIZES } from "./fit.js";
import { createLooks } from "./looks.js";
import { createOffsets } from "./offsets.js";
import { fitPage, keepFree, makeRoom } from "./room.js";
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

/** And what nothing tells of, such as a shadow root that comes late, is found this much later, ms. */
const EVERY = 2000;

/**
 * Makes room for the banner: the page gets its height as padding, and what keeps to the window is moved by as much, so
 * that nothing of the app lies under it. Gives a function that puts all back.
 * @param {import("../element.js").Banner} banner
 */
export function startLayout({ host, bar, root, config }) {
  /** @type {import("./shift.js").Strip} */
  const strip = { edge: config.edge, height: 0 };
  const looks = createLooks((changed, whole) => look(changed, whole));
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
  let resized = false;
  const look = (/** @type {Iterable<Element>} */ changed, whole = false) => {
    if (matchMedia("print").matches || !bar.isConnected) return;
    const turned = root.querySelector(".other:checked") !== null;
    const edge = turned === (config.edge === "top") ? "bottom" : "top";
    const { height } = bar.getBoundingClientRect();
    const moved = edge !== strip.edge || Math.abs(height - strip.height) > 0.5;
    if (moved || (resized && whole)) {
      clear(false);
      resized = false;
      Object.assign(strip, { edge, height });
      makeRoom(offsets, strip);
    }
    if (whole) keepFree(offsets, strip);
    offsets.check();
    shift.look(strip, moved || whole ? [document.documentElement] : changed);
    fitPage(offsets, fit, strip);
  };
  looks.whole();
  host.setAttribute("room", "");
  looks.observe(document);
  const unlisten = listen({
    soon: looks.soon,
    resize: () => {
      resized = true;
      looks.rested();
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
 * @param {{ soon: () => void, resize: () => void, paper: () => void, screen: () => void }} told
 */
function listen({ soon, resize, paper, screen }) {
  const ending = new AbortController();
  const { signal } = ending;
  const print = matchMedia("print");
  const timer = setInterval(soon, EVERY);
  for (const name of EVENTS) addEventListener(name, soon, { capture: true, passive: true, signal });
  addEventListener("resize", resize, { signal });
  addEventListener("beforeprint", paper, { signal });
  addEventListener("afterprint", screen, { signal });
  print.addEventListener("change", ({ matches }) => (matches ? paper() : screen()), { signal });
  return () => {
    clearInterval(timer);
    ending.abort();
  };
}
