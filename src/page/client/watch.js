import { coverWatch } from "./covered.js";
import { ask } from "./dialog.js";
import { onForged } from "./element.js";
import { stop, tellLost } from "./server.js";

/** Repairs within this time, ms, that are taken for an app's way to render; more are taken for a fight. */
const SPAN = 10_000;
const REPAIRS = 8;
const LOOK = 1500;
/** More often than that an app which opens something above the banner is taken for one that fights. */
const LOOK_ABOVE = 1000;
/** What takes an element from the eyes, the ears or the hands of people, also on the document around it. */
const HIDING = ["hidden", "inert", "aria-hidden"];

/**
 * Keeps the banner in the page, above everything. Where that can't be done the page is covered, or left, and the
 * server is told.
 * @param {import("./element.js").Banner} banner
 */
export function startWatch(banner) {
  /** @type {number[]} */
  let repairs = [];
  let given = false;
  /** @param {() => void} repair */
  const mend = (repair) => {
    const now = Date.now();
    repairs = [...repairs.filter((at) => now - at < SPAN), now];
    if (repairs.length <= REPAIRS) repair();
    if (repairs.length > REPAIRS || !shown(banner)) {
      given = true;
      void giveUp(banner);
    }
  };
  const look = () => {
    if (!given && !shown(banner)) mend(() => put(banner));
  };
  const covered = coverWatch(banner);
  const lookAbove = () => {
    if (given) return;
    const lies = covered();
    if (lies === "under") mend(() => raise(banner));
    // Apps open tips and menus as often as they like.
    if (lies === "perhaps") raise(banner);
  };
  onForged(() => {
    if (!given) mend(() => undefined);
  });
  put(banner);
  new MutationObserver(look).observe(document, { childList: true });
  new MutationObserver(look).observe(document.documentElement, { childList: true, attributeFilter: HIDING });
  new MutationObserver(look).observe(banner.host, { attributes: true, childList: true });
  setInterval(look, LOOK);
  setInterval(lookAbove, LOOK_ABOVE);
  stayOnTop(banner);
}

/**
 * Between head and body: out of the reach of `body > :first-child`, of a body that lays its children out in a row, and
 * of scripts that render the body anew.
 * @param {import("./element.js").Banner} banner
 */
function put(banner) {
  const { host, root, sheet } = banner;
  const parent = document.documentElement;
  if (host.parentNode !== parent) {
    const before = document.body ?? null;
    const moves = host.isConnected && host.ownerDocument === document && "moveBefore" in parent;
    if (moves) parent.moveBefore(host, before);
    else parent.insertBefore(host, before);
  }
  // In another document it has lost its stylesheet.
  if (sheet !== null && !root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [sheet];
  for (const name of HIDING) for (const element of [host, parent]) element.removeAttribute(name);
  lift(banner);
}

/**
 * Into the top layer, where no z-index counts and no ancestor clips, moves or fades. Without its styles it
 * would lie in the middle of the page there, so then it stays where it stands.
 * @param {import("./element.js").Banner} banner
 */
function lift({ host, styled }) {
  if (!styled || !("popover" in host) || matchMedia("print").matches) return;
  if (host.popover !== "manual") host.popover = "manual";
  if (!host.matches(":popover-open")) host.showPopover();
}

/** @param {import("./element.js").Banner} banner */
function shown({ host, bar, styled }) {
  const parent = document.documentElement;
  if (host.parentNode !== parent) return false;
  if (HIDING.some((name) => host.hasAttribute(name) || parent.hasAttribute(name))) return false;
  if (matchMedia("print").matches || document.visibilityState === "hidden") return true;
  if (!styled) return bar.getBoundingClientRect().height > 0;
  if ("popover" in host && !host.matches(":popover-open")) return false;
  const box = bar.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return inside && box.height >= 16 && box.width >= innerWidth / 2;
}

/**
 * What the app opens in the top layer must not lie on the banner; and paper has no layers.
 * @param {import("./element.js").Banner} banner
 */
function stayOnTop(banner) {
  const { host } = banner;
  const opened = (/** @type {Event} */ event) => {
    if (event.target !== host && /** @type {ToggleEvent} */ (event).newState === "open") raise(banner);
  };
  document.addEventListener("toggle", opened, { capture: true });
  document.addEventListener("fullscreenchange", () => raise(banner));
  new MutationObserver((records) => {
    if (records.some(({ target }) => target instanceof HTMLDialogElement && target.open)) raise(banner);
  }).observe(document, { attributes: true, attributeFilter: ["open"], subtree: true });
  const paper = () => {
    if (host.matches(":popover-open")) host.hidePopover();
    host.removeAttribute("popover");
  };
  addEventListener("beforeprint", paper);
  addEventListener("afterprint", () => lift(banner));
  setInterval(endTransition(), LOOK);
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? paper() : lift(banner)));
}

/**
 * What came into the top layer last lies uppermost there.
 * @param {import("./element.js").Banner} banner
 */
function raise({ host }) {
  if (!host.matches(":popover-open")) return;
  host.hidePopover();
  host.showPopover();
}

/** A view transition lies on the top layer, too; one that is still there at the next look is ended. */
function endTransition() {
  let last = null;
  return () => {
    const current = Reflect.get(document, "activeViewTransition") ?? null;
    if (current !== null && current === last) current.skipTransition();
    last = current;
  };
}

/** @param {import("./element.js").Banner} banner */
async function giveUp(banner) {
  const told = tellLost(banner);
  if (!banner.host.isConnected) document.documentElement.append(banner.host);
  setTimeout(async () => {
    const cover = banner.root.querySelector("dialog.cover");
    if (cover !== null && banner.host.isConnected && cover.getBoundingClientRect().height > 0) return;
    await told;
    location.replace(`${banner.base}stop`);
  }, 300);
  const answer = await ask(banner, {
    title: "The banner could not be kept in this page",
    text: `You are viewing the app as ${banner.config.name}. This page hides who you are, so it isn't shown.`,
    buttons: [
      ["reload", "Load this page again"],
      ["stop", "Stop"],
    ],
  });
  if (answer === "stop") stop(banner);
  else location.reload();
}
