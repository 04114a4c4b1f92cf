/**
 * @typedef {Record<"readOnly" | "write" | "until" | "left" | "timeIsUp" | "oneMinute" | "fiveMinutes" | "notDone" | "notDoneMany" |
 *   "notDoneBefore" | "endsUnused" | "toConfirm" | "answer" | "close" | "allowChanges" | "otherTab" | "yourselfAgain" | "otherNow" | "goOn" | "loadAgain" | "stop", string>} Words
 */

/**
 * What the server tells the script. Times are ms since the epoch; a notice has no impersonation and none of the rest.
 * @typedef {object} Config
 * @property {string | null} impersonation
 * @property {"top" | "bottom"} edge
 * @property {"read" | "write"} mode
 * @property {string} name
 * @property {number} now
 * @property {number} endsAt if nobody does anything more
 * @property {number} until at the latest
 * @property {number} idleFor ms without use
 * @property {number | null} writeUntil
 * @property {string | null} [app] on a host of its own, the origin of the app's
 * @property {Words} words in the browser's language
 * @property {boolean} elevate whether changes can be allowed
 * @property {string[]} disable
 * @property {string[]} logout
 * @property {[name: string, digest: string][]} cookies the customer's that an own one of a wider `Domain` may stand beside
 */

/**
 * The banner in this page: its element, the closed root in it, what the server said, and where our addresses begin.
 * @typedef {object} Banner
 * @property {HTMLElement} host
 * @property {ShadowRoot} root
 * @property {HTMLElement} bar
 * @property {Config} config
 * @property {string} base
 * @property {boolean} styled whether its stylesheet is there
 * @property {CSSStyleSheet | null} sheet the same as the root's own, where it could be read
 */

/** The root is handed out once, here; the page's own scripts never get it. */
const NAME = "guise-banner";

/** @type {(element: HTMLElement) => void} */
let forged = (element) => element.remove();

/**
 * Takes every second element of the banner's name out of the page, wherever it stands, and tells of it.
 * @param {() => void} told
 */
export function onForged(told) {
  forged = (element) => {
    element.remove();
    told();
  };
}

/**
 * The script stands before the element, and may be here before it; its last child is the page's stylesheet. In XHTML the
 * first one is a stylesheet as well, and the last as long as nothing else has come.
 * @returns {Promise<void>}
 */
export function bannerRead() {
  const whole = document.querySelector(`${NAME} > link:last-child:not(:first-child)`) !== null;
  if (whole || document.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
  });
}

/**
 * Takes possession of the banner that this script came with. Null if somebody else has taken the name, or the element
 * is gone: then nothing in this page can be trusted to be shown.
 * @param {HTMLScriptElement} script
 * @returns {Banner | null}
 */
export function takeBanner(script) {
  const host = document.querySelector(NAME);
  if (!(host instanceof HTMLElement) || customElements.get(NAME) !== undefined) return null;
  /** @type {ShadowRoot | null} */
  let root = null;
  class GuiseBanner extends HTMLElement {
    constructor() {
      super();
      if (this === host) root = this.attachInternals().shadowRoot ?? closedRoot(this);
    }

    connectedCallback() {
      if (this !== host) forged(this);
    }
  }
  customElements.define(NAME, GuiseBanner);
  customElements.upgrade(host);
  // The plain words for old browsers have done their duty; the app's scripts need not find them.
  for (const node of [...host.childNodes]) if (node.nodeName.toLowerCase() !== "link") node.remove();
  return root === null ? null : read(host, root, script);
}

/**
 * In XHTML, and in browsers without declarative roots, the content is still outside.
 * @param {HTMLElement} host
 * @returns {ShadowRoot}
 */
function closedRoot(host) {
  const template = host.querySelector("template");
  const content = template === null ? [...host.childNodes] : [template.content];
  const root = host.attachShadow({ mode: "closed" });
  root.append(...content.filter((node) => node.nodeName.toLowerCase() !== "script"));
  return root;
}

/**
 * @param {HTMLElement} host
 * @param {ShadowRoot} root
 * @param {HTMLScriptElement} script
 * @returns {Banner | null}
 */
function read(host, root, script) {
  const bar = root.querySelector(".bar");
  if (!(bar instanceof HTMLElement)) return null;
  const config = JSON.parse(bar.dataset.config ?? "{}");
  delete bar.dataset.config;
  return { host, root, bar, config, base: new URL(".", script.src).href, styled: false, sheet: null };
}

/**
 * A new element with these classes and this text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} classes
 * @param {string} text
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, classes, text) {
  const element = document.createElement(name);
  element.className = classes;
  element.textContent = text;
  return element;
}

/** What the stylesheet gives the element; nobody else could. */
const FOREMOST = "2147483647";
/** Longer than this, ms, nothing waits for the stylesheet. */
const PATIENCE = 3000;

/**
 * Waits until the banner's stylesheet has come, or won't. It is then kept as the root's own, so that an element that
 * is put in anew doesn't load it again.
 * @param {Banner} banner
 * @returns {Promise<void>}
 */
export function awaitStyles(banner) {
  const link = banner.root.querySelector("link");
  if (link === null) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      // A sheet that failed to load is there as well, but nobody may read it and it styles nothing.
      if (!banner.styled && getComputedStyle(banner.host).zIndex === FOREMOST) {
        banner.styled = true;
        if (self.origin !== "null" && link.sheet !== null) adopt(banner, link, link.sheet);
      }
      resolve();
    };
    if (link.sheet !== null) done();
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    setTimeout(done, PATIENCE);
  });
}

/**
 * @param {Banner} banner
 * @param {HTMLLinkElement} link
 * @param {CSSStyleSheet} loaded
 */
function adopt(banner, link, loaded) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync([...loaded.cssRules].map((rule) => rule.cssText).join("\n"));
  banner.sheet = sheet;
  banner.root.adoptedStyleSheets = [sheet];
  link.remove();
}
