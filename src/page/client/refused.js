import { make } from "./element.js";

/** How long it is told what was refused, ms. */
const TOLD = 10_000;
/** And what is asked: as long as it can be answered. */
const ASKED = 120_000;

/**
 * Says beside the banner what the server refused one of the page's scripts, which may show nothing of it or wait for ever; and leads to
 * our own page where it asks first. No script of the page can answer there.
 * @param {import("./element.js").Banner} banner
 * @returns {{ refused: (sentence: string) => void, asked: (question: string) => void }}
 */
export function startRefused({ bar, base }) {
  const box = make("div", "refused", "");
  const words = make("span", "", "");
  const link = make("a", "", "Answer");
  const button = make("button", "", "Close");
  box.setAttribute("role", "alert");
  box.hidden = true;
  button.type = "button";
  link.target = "_blank";
  link.rel = "noopener";
  box.append(words, link, button);
  bar.append(box);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let count = 0;
  const hide = () => {
    clearTimeout(timer);
    box.hidden = true;
    count = 0;
  };
  button.addEventListener("click", hide);
  const show = (
    /** @type {string} */ text,
    /** @type {string | null} */ question,
    /** @type {number} */ told,
  ) => {
    words.textContent = text;
    link.hidden = question === null;
    if (question !== null) link.href = `${base}confirm?question=${encodeURIComponent(question)}`;
    box.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(hide, told);
  };
  link.addEventListener("click", hide);
  return {
    refused: (sentence) => {
      count += 1;
      show(`${count === 1 ? "Not done" : `Not done (${count} requests)`}: ${sentence}`, null, TOLD);
    },
    asked: (question) => show("Not done yet: this has to be confirmed.", question, ASKED),
  };
}
