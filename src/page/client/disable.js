const SWITCHED_OFF = "Not available while you view the app as somebody else";
const BLOCKED = [
  "click",
  "auxclick",
  "dblclick",
  "pointerdown",
  "mousedown",
  "touchstart",
  "submit",
  "beforeinput",
  "change",
  "dragstart",
];

/**
 * Greys out what the config names, also what the app renders later, and keeps it from being used. The server refuses
 * it anyway; this only says so beforehand.
 * @param {import("./element.js").Banner} banner
 */
export function startDisable({ config }) {
  const selectors = valid(config.disable);
  if (selectors === "") return;
  paint(selectors);
  const mark = () => {
    for (const element of document.querySelectorAll(selectors)) {
      if (element.getAttribute("aria-disabled") === "true") continue;
      element.setAttribute("aria-disabled", "true");
      element.setAttribute("title", SWITCHED_OFF);
    }
  };
  mark();
  new MutationObserver(mark).observe(document, { childList: true, subtree: true });
  for (const type of BLOCKED)
    addEventListener(type, (event) => block(event, selectors), { capture: true, passive: false });
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" || event.key === " ") block(event, selectors);
    },
    { capture: true },
  );
}

/**
 * The selectors that this browser understands, as one.
 * @param {string[]} selectors
 */
export function valid(selectors) {
  const nowhere = document.createDocumentFragment();
  const understood = selectors.filter((selector) => {
    try {
      nowhere.querySelector(selector);
      return true;
    } catch (error) {
      console.warn(`Guise: ${selector} in the config is no selector`, error);
      return false;
    }
  });
  return understood.join(", ");
}

/** @param {string} selectors */
function paint(selectors) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    `:is(${selectors}) { opacity: 0.45 !important; filter: grayscale(1) !important; cursor: not-allowed !important; }`,
  );
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}

/**
 * @param {Event} event
 * @param {string} selectors
 */
function block(event, selectors) {
  if (within(event, selectors) === null) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/**
 * The element of the event's path that the selectors mean.
 * @param {Event} event
 * @param {string} selectors
 * @returns {Element | null}
 */
export function within(event, selectors) {
  const [target] = event.composedPath();
  return target instanceof Element ? target.closest(selectors) : null;
}
