import { turnSockets } from "./addresses.js";

/** In an answer of the server's own: the word, a space, and percent-encoded what it means. */
const REFUSED = "x-guise-refused";
/** Where it is asked, as an address of ours. */
const QUESTION = "x-guise-question";
/** The server takes both off again: they tell it which impersonation the page that asks was opened under. */
const HEADER = "x-guise-tab";
const PARAMETER = "_guise_tab";

/**
 * @typedef {object} Marking
 * @property {() => string} mark
 * @property {(status: number, header: (name: string) => string | null) => void} heard
 */

/**
 * Marks each request of the page's scripts with the impersonation under which the page was opened, so that the server refuses
 * those of a tab that was left open after a switch or an end. The mark also says whether somebody uses the page, for the idle limit.
 * @param {import("./element.js").Banner} banner
 * @param {{ attended: () => boolean, used: () => void, over: () => void, refused: (sentence: string, word: string) => void,
 *   asked: (question: string) => void }} calls `used`: a
 *   request was sent by somebody who is there; `over`: an answer says that this tab is another's, or that nobody is
 *   anybody else any more; `refused`: any other refusal; `asked`: the name of a question
 */
export function startMark({ config }, { attended, used, over, refused, asked }) {
  // From an opaque origin every request goes to another one, and may carry no header of ours.
  if (self.origin === "null") return;
  const marking = {
    mark: () => {
      if (!attended()) return `${config.impersonation}.idle`;
      used();
      return `${config.impersonation}`;
    },
    heard: (/** @type {number} */ status, /** @type {(name: string) => string | null} */ header) => {
      const question = status === 428 ? header(QUESTION) : null;
      if (question !== null) asked(new URL(question, location.href).searchParams.get("question") ?? "");
      const told = header(REFUSED);
      if (told === null) return;
      if (status === 409 || status === 401) over();
      else refused(decodeURIComponent(told.slice(told.indexOf(" ") + 1)), told.split(" ", 1)[0] ?? "");
    },
  };
  markFetch(marking);
  markXhr(marking);
  turnSockets((url) => withMark(marking, url));
}

/** @param {Marking} marking */
function markFetch({ mark, heard }) {
  const original = window.fetch;
  window.fetch = async function fetch(input, init) {
    if (!isOurs(input instanceof Request ? input.url : input)) return await original.call(this, input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : []));
    headers.set(HEADER, mark());
    const response = await original.call(this, input, { ...init, headers });
    heard(response.status, (name) => response.headers.get(name));
    return response;
  };
}

/** @param {Marking} marking */
function markXhr({ mark, heard }) {
  const { open } = XMLHttpRequest.prototype;
  Object.assign(XMLHttpRequest.prototype, {
    /** @this {XMLHttpRequest} @param {string} method @param {string | URL} url @param {unknown[]} rest */
    open(method, url, ...rest) {
      Reflect.apply(open, this, [method, url, ...rest]);
      if (!isOurs(url)) return;
      this.setRequestHeader(HEADER, mark());
      const loaded = () => heard(this.status, (name) => this.getResponseHeader(name));
      this.addEventListener("load", loaded, { once: true });
    },
  });
}

/**
 * Whether this goes to the gateway; sockets have a scheme of their own.
 * @param {unknown} url
 */
function isOurs(url) {
  const address = String(url);
  return URL.canParse(address, document.baseURI) && new URL(address, document.baseURI).host === location.host;
}

/**
 * @param {Marking} marking
 * @param {string | URL} url
 */
function withMark({ mark }, url) {
  if (!isOurs(url)) return url;
  const marked = new URL(String(url), document.baseURI);
  marked.search += `${marked.search === "" ? "?" : "&"}${PARAMETER}=${mark()}`;
  return marked.href;
}
