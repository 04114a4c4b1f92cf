import { questionIn, saysYes, yesAddress } from "./question.js";
import { send, tokenOf } from "./server.js";
import { wrapXhr } from "./xhr.js";

/**
 * Asks in the page about what the config wants confirmed, instead of on a page of its own. The server refuses the first
 * attempt with 428 and keeps it; the yes is `POST` to the same address with `_guise_confirm=yes` and the fields `_csrf`
 * and `_confirmation` (the problem's `confirmation`), and does just what was kept. Without that member in the answer
 * everything is left to the server's own page.
 * @param {import("./element.js").Banner} banner
 */
export function startConfirm(banner) {
  wrapFetch(banner);
  const rules = banner.config.confirm.map(([method, path, sentence]) => ({
    method,
    path: new RegExp(path),
    sentence,
  }));
  if (rules.length === 0) return;
  const sentenceFor = (/** @type {string} */ method, /** @type {URL} */ url) =>
    url.origin === location.origin
      ? rules.find((rule) => rule.method === method && rule.path.test(url.pathname))?.sentence
      : undefined;
  wrapXhr(banner, sentenceFor);
  /** @type {WeakSet<Element>} */
  const settled = new WeakSet();
  addEventListener("submit", (event) => onSubmit(banner, event, { sentenceFor, settled }), { capture: true });
  addEventListener("click", (event) => onClick(banner, event, sentenceFor), { capture: true });
}

/**
 * @param {import("./element.js").Banner} banner
 * @param {SubmitEvent} event
 * @param {{ sentenceFor: (method: string, url: URL) => string | undefined, settled: WeakSet<Element> }} rules
 */
async function onSubmit(banner, event, { sentenceFor, settled }) {
  const { target: form, submitter } = event;
  // Other charsets would be sent in other bytes than a script can send.
  if (!(form instanceof HTMLFormElement) || settled.delete(form) || document.characterSet !== "UTF-8") return;
  const { method, url, body } = formRequest(form, submitter);
  const sentence = sentenceFor(method.counted, url);
  if (sentence === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await saysYes(banner, sentence))) return;
  const sent = method.sent === "GET" ? { method: "GET" } : { method: "POST", body };
  if (await done(banner, url, sent)) return;
  settled.add(form);
  form.requestSubmit(submitter);
}

/**
 * Attributes, not properties: a field called `action` would be in the way. `_method` counts as the server counts it.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
function formRequest(form, submitter) {
  const from = (/** @type {string} */ name) =>
    submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  const data = new FormData(form, submitter);
  const sent = (from("method") ?? "get").toUpperCase();
  const override = data.get("_method");
  const counted = typeof override === "string" && override !== "" ? override.toUpperCase() : sent;
  const url = new URL(from("action") || location.href, document.baseURI);
  const fields = /** @type {[string, string][]} */ (
    [...data].filter(([, value]) => typeof value === "string")
  );
  if (sent === "GET") url.search = String(new URLSearchParams(fields));
  const multipart = from("enctype") === "multipart/form-data";
  return { method: { sent, counted }, url, body: multipart ? data : new URLSearchParams(fields) };
}

/**
 * @param {import("./element.js").Banner} banner
 * @param {MouseEvent} event
 * @param {(method: string, url: URL) => string | undefined} sentenceFor
 */
async function onClick(banner, event, sentenceFor) {
  const [target] = event.composedPath();
  const link = target instanceof Element ? target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement)) return;
  const url = new URL(link.href);
  const sentence = sentenceFor("GET", url);
  if (sentence === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await saysYes(banner, sentence))) return;
  if (!(await done(banner, url, { method: "GET" }))) location.assign(url);
}

/**
 * Tries what was said yes to, and follows to where it leads; false if the server has to be asked by the browser itself.
 * @param {import("./element.js").Banner} banner
 * @param {URL} url
 * @param {RequestInit} init
 */
async function done(banner, url, init) {
  try {
    const response = await send(url, { ...init, headers: { accept: "application/problem+json" } });
    const question = await questionIn(response);
    if (question !== null) followYes(banner, url, question.confirmation);
    else if (response.status === 428) return false;
    else location.assign(response.url);
    return true;
  } catch (error) {
    console.warn("Guise: the page may not send this by script; the server asks", error);
    return false;
  }
}

/**
 * A form, since the browser shall show what comes back.
 * @param {import("./element.js").Banner} banner
 * @param {URL} url
 * @param {string} confirmation
 */
function followYes(banner, url, confirmation) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = yesAddress(url);
  for (const [name, value] of Object.entries({ _csrf: tokenOf(banner), _confirmation: confirmation })) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  banner.root.append(form);
  form.submit();
}

/**
 * A script's own request that is answered with a question gets the answer to the yes instead.
 * @param {import("./element.js").Banner} banner
 */
function wrapFetch(banner) {
  const original = window.fetch;
  window.fetch = async function fetch(input, init) {
    const response = await original.call(this, input, init);
    const question = await questionIn(response);
    if (question === null || !(await saysYes(banner, question.sentence))) return response;
    const url = new URL(input instanceof Request ? input.url : String(input), document.baseURI);
    const body = new URLSearchParams({ _csrf: tokenOf(banner), _confirmation: question.confirmation });
    return await original.call(this, yesAddress(url), { method: "POST", body, credentials: "same-origin" });
  };
}
