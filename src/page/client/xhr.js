import { questionIn, saysYes, yesAddress } from "./question.js";
import { send, tokenOf } from "./server.js";

/**
 * What an `XMLHttpRequest` was opened with; another one as soon as it is opened again or given up.
 * @typedef {{ method: string, url: URL, headers: [string, string][], patient: boolean }} Opened
 */

/**
 * A script's own `XMLHttpRequest` that has to be confirmed is asked about before it is sent, and then says yes in its place:
 * so it has one answer, with one row of events. A probe gets the question; the server keeps the request meanwhile.
 * Where nobody can wait (synchronous requests, documents as body) the script sees the 428.
 * @param {import("./element.js").Banner} banner
 * @param {(method: string, url: URL) => string | undefined} sentenceFor
 */
export function wrapXhr(banner, sentenceFor) {
  const { open, send: sendOff, setRequestHeader, abort } = XMLHttpRequest.prototype;
  /** @type {WeakMap<XMLHttpRequest, Opened>} */
  const opened = new WeakMap();
  Object.assign(XMLHttpRequest.prototype, {
    /** @this {XMLHttpRequest} @param {string} method @param {string | URL} url @param {unknown[]} rest */
    open(method, url, ...rest) {
      Reflect.apply(open, this, [method, url, ...rest]);
      const address = new URL(String(url), document.baseURI);
      const patient = rest[0] !== false;
      opened.set(this, { method: String(method).toUpperCase(), url: address, headers: [], patient });
    },
    /** @this {XMLHttpRequest} @param {string} name @param {string} value */
    setRequestHeader(name, value) {
      setRequestHeader.call(this, name, value);
      opened.get(this)?.headers.push([name, value]);
    },
    /** @this {XMLHttpRequest} */
    abort() {
      opened.delete(this);
      abort.call(this);
    },
    /** @this {XMLHttpRequest} @param {Document | XMLHttpRequestBodyInit | null} [body] */
    send(body) {
      const request = opened.get(this);
      const sentence = request === undefined ? undefined : sentenceFor(request.method, request.url);
      if (request === undefined || sentence === undefined || !request.patient || body instanceof Document) {
        sendOff.call(this, body);
        return;
      }
      void agreed(banner, request, body ?? null).then((confirmation) => {
        if (opened.get(this) !== request) return;
        if (confirmation === null) {
          sendOff.call(this, body);
          return;
        }
        open.call(this, "POST", yesAddress(request.url), true);
        sendOff.call(this, new URLSearchParams({ _csrf: tokenOf(banner), _confirmation: confirmation }));
      });
    },
  });
}

/**
 * The token of the yes; null if nothing is asked, the answer is no or the probe can't be sent: then it goes as it is,
 * and the server has the last word.
 * @param {import("./element.js").Banner} banner
 * @param {Opened} request
 * @param {XMLHttpRequestBodyInit | null} body
 * @returns {Promise<string | null>}
 */
async function agreed(banner, { method, url, headers }, body) {
  try {
    const probe = [...headers, /** @type {[string, string]} */ (["x-guise-probe", "1"])];
    const question = await questionIn(await send(url, { method, headers: probe, body }));
    if (question === null || !(await saysYes(banner, question.sentence))) return null;
    return question.confirmation;
  } catch (error) {
    console.warn("Guise: could not ask about a request", error);
    return null;
  }
}
