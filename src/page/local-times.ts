import { hash } from "node:crypto";

/**
 * Says the times of a page of ours in the reader's own zone; what the server wrote, in UTC, is seen on hover. It stands in the page itself:
 * a file could be exchanged by a service worker of the app.
 */
export const LOCAL_TIMES = `const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const say = () => {
  for (const it of document.querySelectorAll("time[datetime]:not([title])")) {
  const at = new Date(it.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  it.title = it.textContent;
  const timeStyle = /:\\d\\d:\\d\\d/.test(it.textContent) ? "medium" : "short";
  it.textContent = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle }).format(at);
  }
};
say();
new MutationObserver(say).observe(document.body, { childList: true, subtree: true });`;

/** By which a page's policy knows it. */
export const LOCAL_TIMES_HASH = `'sha256-${hash("sha256", LOCAL_TIMES, "base64")}'`;
