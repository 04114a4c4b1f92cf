const SWITCHED_OFF = "Not available while you view the app as somebody else";
/** By which a selector tells elements from each other, and which apps change in elements that they use again. */
const TELLING = ["href", "action", "formaction", "class", "id", "name", "type", "value"];
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
  /** @type {Map<Element, string | null>} Each with the title that it had. */
  const marked = new Map();
  const mark = () => {
    for (const [element, title] of marked) {
      if (element.isConnected && element.matches(selectors)) continue;
      marked.delete(element);
      element.removeAttribute("aria-disabled");
      if (title === null) element.removeAttribute("title");
      else element.setAttribute("title", title);
    }
    for (const element of document.querySelectorAll(selectors)) {
      if (element.getAttribute("aria-disabled") === "true") continue;
      marked.set(element, element.getAttribute("title"));
      element.setAttribute("aria-disabled", "true");
      element.setAttribute("title", SWITCHED_OFF);
    }
  };
  mark();
  new MutationObserver(mark).observe(document, { childList: true, subtree: true, attributeFilter: TELLING });
  for (const type of BLOCKED)
    addEventListener(type, (event) => blocks(event, selectors), { capture: true, passive: false });
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" || event.key === " ") blocks(event, selectors);
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
 * Whether the event is of an element that the selectors mean; then nobody else hears of it.
 * @param {Event} event
 * @param {string} selectors
 */
export function blocks(event, selectors) {
  const [target] = event.composedPath();
  if (!(target instanceof Element) || target.closest(selectors) === null) return false;
  event.preventDefault();
  event.stopImmediatePropagation();
  return true;
}
