import { ask } from "./dialog.js";
import { make } from "./element.js";
import { freeze } from "./freeze.js";
import { running, stop } from "./server.js";

/** Between two questions of the same tab, ms. */
const REST = 2000;

/**
 * Blocks this tab when the impersonation it was opened under is no longer the one that runs. Gives a function that asks at
 * once and tells when the impersonation ends, null if that isn't known.
 * @param {import("./element.js").Banner} banner
 * @returns {() => Promise<number | null>}
 */
export function startTab(banner) {
  const { config } = banner;
  let blocked = false;
  let asked = 0;
  const check = async () => {
    asked = Date.now();
    const now = await running(banner);
    if (now === undefined) return null;
    if (now?.id !== config.impersonation) {
      if (!blocked) void block(banner, now === null);
      blocked = true;
      return null;
    }
    showMode(banner, now.mode, now.writeUntil ?? null);
    return Date.parse(now.endsAt);
  };
  const soon = () => {
    if (document.visibilityState === "visible" && Date.now() - asked > REST) void check();
  };

  const channel = new BroadcastChannel("guise");
  channel.addEventListener("message", (event) => {
    if (event.data !== config.impersonation) void check();
  });
  channel.postMessage(config.impersonation);
  document.addEventListener("visibilitychange", soon);
  addEventListener("focus", soon);
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  return check;
}

/** Tells the other tabs that nobody is anybody else any more. */
export function tellStopped() {
  const channel = new BroadcastChannel("guise");
  channel.postMessage(null);
  channel.close();
}

/**
 * Loading the page again would follow its link once more and start an impersonation again, so that is not offered.
 * The Stop form of this tab belongs to the impersonation that is over, so Stop is the page with the button.
 * @param {import("./element.js").Banner} banner
 * @param {boolean} self
 */
async function block(banner, self) {
  const { words, name } = banner.config;
  const title = words.otherTab.replace("{name}", () => name);
  freeze(title);
  const answer = await ask(banner, {
    title,
    text: self ? words.yourselfAgain : words.otherNow,
    buttons: self
      ? [["leave", words.goOn]]
      : [
          ["reload", words.loadAgain],
          ["stop", words.stop],
        ],
  });
  if (answer === "leave") stop(banner);
  else if (answer === "stop") location.assign(`${banner.base}stop`);
  else location.reload();
}

/**
 * Another tab may have stepped up or down, and a step up runs out by itself.
 * @param {import("./element.js").Banner} banner
 * @param {"read" | "write"} mode
 * @param {string | null} writeUntil
 */
function showMode({ bar, config }, mode, writeUntil) {
  config.writeUntil = writeUntil === null ? null : Date.parse(writeUntil);
  if (mode === config.mode) return;
  config.mode = mode;
  bar.classList.toggle("read", mode === "read");
  bar.classList.toggle("write", mode === "write");
  const label = bar.querySelector(".mode");
  if (label === null) return;
  label.textContent = mode === "read" ? config.words.readOnly : config.words.write;
  if (mode === "write") label.append(make("time", "lifted", ""));
}
