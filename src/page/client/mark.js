/** The server takes both off again: they tell it which impersonation the page that asks was opened under. */
const HEADER = "x-guise-tab";
const PARAMETER = "_guise_tab";

/**
 * Has the page's scripts say with each request of theirs whose page this is, so that the server refuses those of a tab
 * that was left open under other shoes: before this script has heard of it, and where nobody is worn any more.
 * @param {import("./element.js").Banner} banner
 * @param {() => void} refused called when an answer says so
 */
export function startMark({ config }, refused) {
  // From an opaque origin every request goes to another one, and may carry no header of ours.
  if (self.origin === "null") return;
  const id = config.impersonation ?? "";
  const heard = (/** @type {number} */ status, /** @type {string | null} */ type) => {
    if (status === 409 && type?.startsWith("application/problem+json") === true) refused();
  };
  markFetch(id, heard);
  markXhr(id, heard);
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, data) {
    return sendBeacon.call(this, withMark(id, url), data);
  };
  for (const name of ["WebSocket", "EventSource"])
    Reflect.set(
      window,
      name,
      new Proxy(Reflect.get(window, name), {
        construct: (target, [url, ...rest], made) =>
          Reflect.construct(target, [withMark(id, url), ...rest], made),
      }),
    );
}

/**
 * @param {string} id
 * @param {(status: number, type: string | null) => void} heard
 */
function markFetch(id, heard) {
  const original = window.fetch;
  window.fetch = async function fetch(input, init) {
    if (!isOurs(input instanceof Request ? input.url : input)) return await original.call(this, input, init);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : []));
    headers.set(HEADER, id);
    const response = await original.call(this, input, { ...init, headers });
    heard(response.status, response.headers.get("content-type"));
    return response;
  };
}

/**
 * @param {string} id
 * @param {(status: number, type: string | null) => void} heard
 */
function markXhr(id, heard) {
  const { open } = XMLHttpRequest.prototype;
  Object.assign(XMLHttpRequest.prototype, {
    /** @this {XMLHttpRequest} @param {string} method @param {string | URL} url @param {unknown[]} rest */
    open(method, url, ...rest) {
      Reflect.apply(open, this, [method, url, ...rest]);
      if (!isOurs(url)) return;
      this.setRequestHeader(HEADER, id);
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
 * @param {string} id
 * @param {string | URL} url
 */
function withMark(id, url) {
  if (!isOurs(url)) return url;
  const marked = new URL(String(url), document.baseURI);
  marked.search += `${marked.search === "" ? "?" : "&"}${PARAMETER}=${id}`;
  return marked.href;
}
