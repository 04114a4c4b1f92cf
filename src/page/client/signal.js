/** What the app's own scripts find; an app that has a global of this name keeps it. */
const GLOBAL = "guise";

/**
 * Tells the page's own scripts, analytics and chats that an agent is there and not the customer: an attribute of the root element, a
 * global, and an event on the document. No names in it.
 * @param {import("./element.js").Banner} banner
 */
export function startSignal({ config }) {
  const detail = Object.freeze({ impersonating: true, mode: config.mode });
  document.documentElement.dataset.guiseImpersonating = config.mode;
  if (!(GLOBAL in window)) Object.defineProperty(window, GLOBAL, { value: detail });
  document.dispatchEvent(new CustomEvent("guise:impersonating", { detail }));
}
