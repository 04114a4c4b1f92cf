/**
 * Keeps the page's own scripts from asking the server for anything more: what they would save was meant for somebody
 * else. For good, until the page is loaded anew.
 * @param {string} why
 */
export function freeze(why) {
  const refuse = () => {
    throw new DOMException(why, "InvalidStateError");
  };
  window.fetch = () => Promise.reject(new DOMException(why, "InvalidStateError"));
  XMLHttpRequest.prototype.send = refuse;
  Navigator.prototype.sendBeacon = () => false;
  HTMLFormElement.prototype.submit = refuse;
  HTMLFormElement.prototype.requestSubmit = refuse;
  for (const name of ["WebSocket", "EventSource", "WebTransport"])
    if (name in window)
      Reflect.set(window, name, new Proxy(Reflect.get(window, name), { construct: refuse }));
}
