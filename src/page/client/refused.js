import { make } from "./element.js";

/** How long it is told what was refused, ms. */
const TOLD = 10_000;

/**
 * Says beside the banner what the server refused one of the page's scripts, which may show nothing of it or wait for ever.
 * Gives the function that says it.
 * @param {import("./element.js").Banner} banner
 * @returns {(sentence: string) => void}
 */
export function startRefused({ bar }) {
  const box = make("div", "refused", "");
  const words = make("span", "", "");
  const button = make("button", "", "Close");
  box.setAttribute("role", "alert");
  box.hidden = true;
  button.type = "button";
  box.append(words, button);
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
  return (sentence) => {
    count += 1;
    words.textContent = `${count === 1 ? "Not done" : `Not done (${count} requests)`}: ${sentence}`;
    box.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(hide, TOLD);
  };
}
