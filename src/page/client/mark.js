/** The server takes both off again: they tell it which impersonation the page that asks was opened under. */
const HEADER = "x-guise-tab";
const PARAMETER = "_guise_tab";

/**
 * @typedef {object} Marking
 * @property {() => string} mark
 * @property {(status: number, type: string | null) => void} heard
 */

/**
 * Has the page's scripts say with each request of theirs whose page this is, so that the server refuses those of a tab
 * that was left open under other shoes: before this script has heard of it, and where nobody is worn any more. And
 * whether anybody is there, for the idle limit.
 * @param {import("./element.js").Banner} banner
 * @param {{ attended: () => boolean, used: () => void, refused: () => void }} calls `used`: a request was sent by somebody who
 *   is there; `refused`: an answer says that this tab is another's
 */
export function startMark({ config }, { attended, used, refused }) {
  // From an opaque origin every request goes to another one, and may carry no header of ours.
  if (self.origin === "null") return;
  const marking = {
    mark: () => {
      if (!attended()) return `${config.impersonation}.idle`;
      used();
      return `${config.impersonation}`;
    },
    heard: (/** @type {number} */ status, /** @type {string | null} */ type) => {
      if (status === 409 && type?.startsWith("application/problem+json") === true) refused();
    },
  };
  markFetch(marking);
  markXhr(marking);
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, data) {
    return sendBeacon.call(this, withMark(marking, url), data);
  };
  for (const name of ["WebSocket", "EventSource"])
    Reflect.set(
      window,
      name,
      new Proxy(Reflect.get(window, name), {
        construct: (target, [url, ...rest], made) =>
          Reflect.construct(target, [withMark(marking, url), ...rest], made),
      }),
    );
}

/**
 * @param {Marking} marking
 */
function markFetch({ mark, heard }) {
  const original = window.fetch;
  window.fetch = async function fetch(input, init) {
    if (!isOurs(input instanceof Request ? input.url : input)) return await original.call(this, input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : []));
    headers.set(HEADER, mark());
    const response = await original.call(this, input, { ...init, headers });
    heard(response.status, response.headers.get("content-type"));
    return response;
  };
}

/**
 * @param {Marking} marking
 */
function markXhr({ mark, heard }) {
  const { open } = XMLHttpRequest.prototype;
  Object.assign(XMLHttpRequest.prototype, {
    /** @this {XMLHttpRequest} @param {string} method @param {string | URL} url @param {unknown[]} rest */
    open(method, url, ...rest) {
      Reflect.apply(open, this, [method, url, ...rest]);
      if (!isOurs(url)) return;
      this.setRequestHeader(HEADER, mark());
      this.addEventListener("load", () => heard(this.status, this.getResponseHeader("content-type")), {
        once: true,
      });
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
