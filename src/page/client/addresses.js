/**
 * On a host of its own, what the page's scripts ask of the app's own host by its whole address is asked of this one: it is the same app,
 * as the customer. What is asked before this script runs, and by workers, the gateway refuses.
 * @param {import("./element.js").Banner} banner
 */
export function startAddresses({ config }) {
  const { app, beside } = config;
  if (typeof app !== "string" || app === location.origin) return;
  /** @param {unknown} url */
  const here = (url) => turned(app, url);
  if (beside === true) startLinks(here);
  const { fetch } = window;
  window.fetch = function (input, init) {
    if (!(input instanceof Request)) return fetch.call(this, here(input), init);
    const led = here(input.url);
    return fetch.call(this, led === input.url ? input : new Request(led, input), init);
  };
  const { open } = XMLHttpRequest.prototype;
  Object.assign(XMLHttpRequest.prototype, {
    /** @this {XMLHttpRequest} @param {string} method @param {string | URL} url @param {unknown[]} rest */
    open(method, url, ...rest) {
      Reflect.apply(open, this, [method, here(url), ...rest]);
    },
  });
  turnSockets(here);
  const { pushState, replaceState } = History.prototype;
  History.prototype.pushState = function (state, unused, url) {
    return pushState.call(this, state, unused, here(url));
  };
  History.prototype.replaceState = function (state, unused, url) {
    return replaceState.call(this, state, unused, here(url));
  };
}

/**
 * Has beacons and sockets go to another address.
 * @param {(url: string | URL) => string | URL} turn
 */
export function turnSockets(turn) {
  const { sendBeacon } = Navigator.prototype;
  Navigator.prototype.sendBeacon = function (url, data) {
    return sendBeacon.call(this, turn(url), data);
  };
  for (const name of ["WebSocket", "EventSource"]) {
    const original = Reflect.get(window, name);
    const construct = (_, [url, ...rest], made) => Reflect.construct(original, [turn(url), ...rest], made);
    Reflect.set(window, name, new Proxy(original, { construct }));
  }
}

/**
 * Where the app's own host doesn't lead to the gateway, nothing leads back what a link or a form names there.
 * @param {(url: string) => string} here
 */
function startLinks(here) {
  /** @param {Event} event */
  const turn = (event) => {
    for (const it of event.composedPath()) {
      if (it instanceof HTMLAnchorElement || it instanceof HTMLAreaElement) {
        if (it.href !== "" && here(it.href) !== it.href) it.href = here(it.href);
      } else if (it instanceof HTMLFormElement) {
        const action = it.getAttribute("action");
        if (action !== null && here(action) !== action) it.setAttribute("action", here(action));
      } else if (it instanceof HTMLButtonElement || it instanceof HTMLInputElement) {
        const action = it.getAttribute("formaction");
        if (action !== null && here(action) !== action) it.setAttribute("formaction", here(action));
      }
    }
  };
  for (const name of ["click", "auxclick", "submit"]) addEventListener(name, turn, true);
}

/**
 * The same address on this host; what is not the app's is left as it is. Sockets have a scheme of their own.
 * @param {string} app
 * @param {unknown} url
 * @returns {any}
 */
function turned(app, url) {
  const address = String(url);
  if (!/^(?:https?:|wss?:)?\/\//i.test(address) || !URL.canParse(address, location.href)) return url;
  const it = new URL(address, location.href);
  const own = new URL(app);
  if (it.host !== own.host || it.protocol.replace("ws", "http") !== own.protocol) return url;
  it.host = location.host;
  return it.href;
}
