import { blocks, valid } from "./disable.js";
import { stop } from "./server.js";

/**
 * The app's own way to sign out means to stop: it would sign out the effective user, and never the agent.
 * @param {import("./element.js").Banner} banner
 */
export function startLogout(banner) {
  const selectors = valid(banner.config.logout);
  if (selectors === "") return;
  const instead = (/** @type {Event} */ event) => {
    if (blocks(event, selectors)) stop(banner);
  };
  addEventListener("click", instead, { capture: true });
  addEventListener("submit", instead, { capture: true });
  const name = () => {
    for (const element of document.querySelectorAll(selectors)) {
      if (!element.hasAttribute("title"))
        element.setAttribute("title", `Stop viewing as ${banner.config.name}`);
    }
  };
  name();
  new MutationObserver(name).observe(document, { childList: true, subtree: true });
}
