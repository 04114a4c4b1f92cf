import { pinOf } from "./pinned.js";

/** How many elements are looked at. */
const MOST = 400;
/** What is seen without any text; of these the first ones also where they fill the window. */
const PICTURES = "img,svg,canvas,video,iframe,object,embed";
const CONTROLS = "a,button,input,select,textarea,summary";

/**
 * Whether the element shows anything where the banner is, itself or in it. What is fixed in it speaks for itself.
 * @param {HTMLElement} element
 * @param {import("./shift.js").Strip} strip
 */
export function shows(element, { edge, height }) {
  const start = edge === "top" ? 0 : innerHeight - height;
  /** @type {Element[]} */
  const waiting = [element];
  for (let count = 0; count < MOST; count += 1) {
    const each = waiting.pop();
    if (each === undefined) return false;
    if (each !== element && each instanceof HTMLElement && pinOf(each, getComputedStyle(each)) === "fixed")
      continue;
    const box = each.getBoundingClientRect();
    const there = box.top < start + height - 0.5 && box.bottom > start + 0.5 && box.width > 1;
    if (there && isSeen(each, box.height >= innerHeight - 1)) return true;
    waiting.push(...each.children, ...(each.shadowRoot?.children ?? []));
  }
  // So much is no empty layer.
  return true;
}

/**
 * @param {Element} element
 * @param {boolean} fills
 */
function isSeen(element, fills) {
  if (element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) === false) return false;
  if (element.matches(PICTURES)) return true;
  if ([...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== "")) return true;
  if (fills) return false;
  return (
    element.matches(CONTROLS) ||
    !/^(?:transparent|rgba\(0, 0, 0, 0\))$/.test(getComputedStyle(element).backgroundColor)
  );
}
