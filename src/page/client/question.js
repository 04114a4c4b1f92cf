import { ask } from "./dialog.js";

/** The mark of a yes, at the end of the address that it is for; the server keeps the request itself. */
const YES = "_guise_confirm=yes";

/**
 * Asks in the page; whether it was a yes.
 * @param {import("./element.js").Banner} banner
 * @param {string} sentence
 */
export async function saysYes(banner, sentence) {
  const answer = await ask(banner, {
    kind: "ask",
    title: "Are you sure?",
    text: sentence,
    buttons: [
      ["yes", `Yes, as ${banner.config.name}`],
      ["no", "Cancel"],
    ],
  });
  return answer === "yes";
}

/**
 * The question in an answer with 428; null if it is another, or has no token to say yes with.
 * @param {Response} response
 * @returns {Promise<{ sentence: string, confirmation: string } | null>}
 */
export async function questionIn(response) {
  const type = response.headers.get("content-type") ?? "";
  if (response.status !== 428 || !type.startsWith("application/problem+json")) return null;
  const { code, detail, title, confirmation } = await response.clone().json();
  if (code !== "confirm-required" || typeof confirmation !== "string") return null;
  return { sentence: String(detail ?? title), confirmation };
}

/**
 * Where a yes to a request of this address goes.
 * @param {URL} url
 */
export function yesAddress(url) {
  return `${url.origin}${url.pathname}${url.search === "" ? "?" : `${url.search}&`}${YES}`;
}
