/**
 * How an element keeps to the window: `fixed` to the window itself, `sticky` to it as it scrolls, `absolute` to where
 * the window stands before anything is scrolled.
 * @typedef {"fixed" | "sticky" | "absolute"} Pin
 */

/**
 * What the app's styles say of a property. `auto` stands for every keyword.
 * @typedef {object} Specified
 * @property {boolean} auto
 * @property {number} percent
 * @property {string} text
 */

/**
 * The elements in `root` that keep to the window, itself and open shadow roots included.
 * @param {Element} root
 * @param {(root: ShadowRoot) => void} shadow is called with each open shadow root
 * @returns {[HTMLElement, Pin][]}
 */
export function pinnedIn(root, shadow) {
  /** @type {[HTMLElement, Pin][]} */
  const found = [];
  const waiting = [root];
  for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
    if (!(element instanceof HTMLElement) || element.localName === "guise-banner") continue;
    const style = getComputedStyle(element);
    if (style.display === "none" || style.display === "") continue;
    const pin = pinOf(element, style);
    if (pin !== null) found.push([element, pin]);
    waiting.push(...element.children);
    if (element.shadowRoot === null) continue;
    shadow(element.shadowRoot);
    waiting.push(...element.shadowRoot.children);
  }
  return found;
}

/**
 * @param {HTMLElement} element
 * @param {CSSStyleDeclaration} style
 * @returns {Pin | null}
 */
export function pinOf(element, { position }) {
  if (element === document.documentElement) return null;
  if (position === "fixed") return within(element, containsFixed) ? null : position;
  if (position === "sticky") return within(element, scrolls) ? null : position;
  if (position !== "absolute") return null;
  return within(element, (style) => style.position !== "static" || containsFixed(style)) ? null : position;
}

/**
 * Whether one of the elements around it, without the document's own, is such a one.
 * @param {HTMLElement} element
 * @param {(style: CSSStyleDeclaration, element: Element) => boolean} such
 */
function within(element, such) {
  for (let around = parentOf(element); around !== null; around = parentOf(around)) {
    if (around === document.documentElement) return false;
    if (such(getComputedStyle(around), around)) return true;
  }
  return false;
}

/**
 * The element around it as it is shown, through slots and shadow roots.
 * @param {Element} element
 * @returns {Element | null}
 */
function parentOf(element) {
  if (element.assignedSlot !== null) return element.assignedSlot;
  const parent = element.parentNode;
  return parent instanceof ShadowRoot ? parent.host : element.parentElement;
}

/**
 * Whether fixed elements within keep to this one instead of to the window.
 * @param {CSSStyleDeclaration} style
 */
function containsFixed(style) {
  const { transform, translate, rotate, scale, perspective, filter, willChange, contain } = style;
  const set = [transform, translate, rotate, scale, perspective, filter, style.backdropFilter];
  return (
    set.some((value) => value !== undefined && value !== "" && value !== "none") ||
    /\b(?:transform|translate|rotate|scale|perspective|filter)\b/.test(willChange) ||
    /\b(?:paint|layout|strict|content)\b/.test(contain) ||
    style.contentVisibility === "auto"
  );
}

/**
 * What is sticky within keeps to this one. The body's own overflow is the window's, unless the document has one too.
 * @param {CSSStyleDeclaration} style
 * @param {Element} element
 */
function scrolls(style, element) {
  const scroller = [style.overflowX, style.overflowY].some((value) => !/^(?:visible|clip)$/.test(value));
  if (element !== document.body) return scroller;
  return scroller && getComputedStyle(document.documentElement).overflowY !== "visible";
}

/** Whether the window itself can't be scrolled. */
export function isStill() {
  return [document.documentElement, document.body].some(
    (element) => element && /hidden|clip/.test(getComputedStyle(element).overflowY),
  );
}

/**
 * Null where the browser doesn't tell.
 * @param {Element} element
 * @param {string} name
 * @returns {Specified | null}
 */
export function specified(element, name) {
  if (element.computedStyleMap === undefined) return guessed(element, name);
  const text = element.computedStyleMap().get(name)?.toString();
  return text === undefined ? null : parsed(text);
}

/**
 * Firefox has no typed values, and tells what a height, an inset or a margin came to instead of what was written.
 * @param {Element} element
 * @param {string} name
 */
function guessed(element, name) {
  const text = getComputedStyle(element).getPropertyValue(name);
  if (/^m(?:ax|in)-/.test(name)) return parsed(text);
  const whole = name === "height" && Math.abs(Number.parseFloat(text) - innerHeight) < 1.5;
  return whole ? parsed(text) : null;
}

/** @param {string} text */
function parsed(text) {
  const percent = [...text.matchAll(/(-?[\d.]+)%/g)].reduce((sum, [, each]) => sum + Number(each), 0);
  return { auto: !/\d/.test(text), percent, text };
}

/**
 * Scripts write into the element itself where they put it, mostly after they have measured something; that is in the
 * right place already. Stylesheets count from the window's edge.
 * @param {HTMLElement} element
 * @param {CSSStyleDeclaration} computed
 */
export function placedByScript({ style }, computed) {
  const anchored = computed.getPropertyValue("position-area");
  if (anchored !== "" && anchored !== "none") return true;
  return [style.top, style.bottom, style.transform, style.translate].some((value) => value !== "");
}
