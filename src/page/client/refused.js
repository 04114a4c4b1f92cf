import { make } from "./element.js";

/** How long it is told what was refused, ms. */
const TOLD = 10_000;
/** And what is asked: as long as it can be answered. */
const ASKED = 120_000;

/**
 * Says beside the banner what the server refused one of the page's scripts, which may show nothing of it or wait for ever; and leads to
 * our own page where it asks first. No script of the page can answer there.
 * @param {import("./element.js").Banner} banner
 * @returns {{ refused: (sentence: string, word: string) => void, asked: (question: string) => void }}
 */
export function startRefused({ root, bar, base, config }) {
  const { words: said } = config;
  const box = make("div", "refused", "");
  const words = make("span", "", "");
  const link = make("a", "", "");
  const button = make("button", "", said.close);
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
  const before = lastPlace(root, said.notDoneBefore);
  const hide = () => {
    clearTimeout(timer);
    box.hidden = true;
    count = 0;
  };
  button.addEventListener("click", hide);
  const show = (
    /** @type {string} */ text,
    /** @type {{ to: string, words: string } | null} */ way,
    /** @type {number} */ told,
  ) => {
    words.textContent = text;
    link.hidden = way === null;
    if (way !== null) {
      link.href = `${base}${way.to}`;
      link.textContent = way.words;
    }
    box.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(hide, told);
  };
  link.addEventListener("click", hide);
  return {
    refused: (sentence, word) => {
      count += 1;
      const text = count === 1 ? said.notDone : said.notDoneMany.replace("{n}", String(count));
      before(sentence);
      const here = encodeURIComponent(location.pathname + location.search);
      const lifts = word === "read-only" && config.elevate;
      show(
        text.replace("{sentence}", () => sentence),
        lifts ? { to: `elevate?to=${here}`, words: said.allowChanges } : null,
        TOLD,
      );
    },
    asked: (question) =>
      show(
        said.toConfirm,
        { to: `confirm?question=${encodeURIComponent(question)}`, words: said.answer },
        ASKED,
      ),
  };
}

/**
 * What was refused last stays in the details, also when it is no longer told beside the banner.
 * @param {ShadowRoot} root
 * @param {string} term
 */
function lastPlace(root, term) {
  const list = root.querySelector(".panel dl");
  const sentence = make("dd", "", "");
  return (/** @type {string} */ text) => {
    sentence.textContent = text;
    if (!sentence.isConnected) list?.append(make("dt", "", term), sentence);
  };
}
