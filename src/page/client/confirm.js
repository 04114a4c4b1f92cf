import { ask } from "./dialog.js";
import { post } from "./server.js";

/**
 * Asks before what the config wants confirmed. The agent's yes is sent to `confirm` (fields `method`, `path`, `_csrf`)
 * ahead of the request itself; where that isn't taken the request goes all the same, and the server asks on a page.
 * @param {import("./element.js").Banner} banner
 */
export function startConfirm(banner) {
  const rules = banner.config.confirm.map(([method, path, sentence]) => ({
    method,
    path: new RegExp(path),
    sentence,
  }));
  if (rules.length === 0) return;
  const find = (/** @type {string} */ method, /** @type {URL} */ url) =>
    url.origin === location.origin
      ? rules.find((rule) => rule.method === method && rule.path.test(url.pathname))
      : undefined;
  /** @type {WeakSet<Element>} */
  const settled = new WeakSet();
  const question = async (
    /** @type {string} */ method,
    /** @type {URL} */ url,
    /** @type {string} */ sentence,
  ) => {
    const answer = await ask(banner, {
      kind: "ask",
      title: "Are you sure?",
      text: sentence,
      buttons: [
        ["yes", `Yes, as ${banner.config.name}`],
        ["no", "Cancel"],
      ],
    });
    if (answer === "yes") await post(banner, "confirm", { method, path: `${url.pathname}${url.search}` });
    return answer === "yes";
  };

  addEventListener("submit", (event) => onSubmit(event, { find, question, settled }), { capture: true });
  addEventListener("click", (event) => onClick(event, { find, question }), { capture: true });
  wrapFetch({ find, question });
}

/**
 * @typedef {object} Asking
 * @property {(method: string, url: URL) => { sentence: string } | undefined} find
 * @property {(method: string, url: URL, sentence: string) => Promise<boolean>} question
 */

/**
 * @param {SubmitEvent} event
 * @param {Asking & { settled: WeakSet<Element> }} asking
 */
async function onSubmit(event, { find, question, settled }) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || settled.delete(form)) return;
  const { method, url } = formTarget(form, event.submitter);
  const rule = find(method, url);
  if (rule === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await question(method, url, rule.sentence))) return;
  settled.add(form);
  form.requestSubmit(event.submitter);
}

/**
 * Attributes, not properties: a field called `action` would be in the way. `_method` counts as the server counts it.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
function formTarget(form, submitter) {
  const from = (/** @type {string} */ name) =>
    submitter?.getAttribute(`form${name}`) ?? form.getAttribute(name);
  const override = new FormData(form).get("_method");
  const method = typeof override === "string" && override !== "" ? override : (from("method") ?? "get");
  return { method: method.toUpperCase(), url: new URL(from("action") || location.href, document.baseURI) };
}

/**
 * @param {MouseEvent} event
 * @param {Asking} asking
 */
async function onClick(event, { find, question }) {
  const [target] = event.composedPath();
  const link = target instanceof Element ? target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement)) return;
  const url = new URL(link.href);
  const rule = find("GET", url);
  if (rule === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await question("GET", url, rule.sentence)) location.assign(url);
}

/**
 * A script's own request that is answered with 428 is asked about and sent once more.
 * @param {Asking} asking
 */
function wrapFetch({ find, question }) {
  const original = window.fetch;
  window.fetch = async function fetch(input, init) {
    const method = (init?.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
    const url = new URL(input instanceof Request ? input.url : String(input), document.baseURI);
    const rule = find(method, url);
    if (rule === undefined || init?.body instanceof ReadableStream)
      return await original.call(this, input, init);
    const again = input instanceof Request ? input.clone() : input;
    const response = await original.call(this, input, init);
    if (response.status !== 428) return response;
    return (await question(method, url, rule.sentence)) ? await original.call(this, again, init) : response;
  };
}
