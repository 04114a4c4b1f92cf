/** Between two looks, ms; changes of the title are answered sooner. */
const LOOK = 1500;
/** What an app says in a row is answered once, so that one which answers us doesn't keep the browser busy. */
const PAUSE = 100;

/**
 * Has the title, which tabs and histories show, begin with whose page it is, also when the page's own scripts change it.
 * @param {import("./element.js").Banner} banner
 */
export function startTitle({ config }) {
  const whose = `as ${config.name}`;
  const begin = `${whose} · `;
  let due = false;
  const look = () => {
    due = false;
    const { title } = document;
    // An app puts a counter before what it reads, so the words may stand further behind.
    const own = `${title} `.replaceAll(begin, "").trimEnd();
    const wanted = own === "" || own === whose ? whose : begin + own;
    if (title !== wanted) document.title = wanted;
    watchHead();
  };
  const soon = () => {
    if (!due) setTimeout(look, PAUSE);
    due = true;
  };
  const observer = new MutationObserver(soon);
  /** @type {HTMLHeadElement | null} */
  let watched = null;
  const watchHead = () => {
    const { head } = document;
    if (head === null || head === watched) return;
    watched = head;
    observer.observe(head, { childList: true, characterData: true, subtree: true });
  };
  look();
  setInterval(look, LOOK);
}
