import { make } from "./element.js";

/**
 * Counts down in the agent's own time zone, and calls `ended` each time when nothing is left of the whole or of a step up to
 * write; that may tell a later end. Gives a function to call when the page was used, which moves the idle limit.
 * @param {import("./element.js").Banner} banner
 * @param {() => Promise<number | null>} ended
 * @returns {() => void}
 */
export function startClock({ root, config }, ended) {
  const place = root.querySelector("time.until");
  if (!(place instanceof HTMLTimeElement)) return () => undefined;
  const at = make("span", "at", "");
  const rest = make("span", "", "");
  const word = make("span", "lead", config.words.left);
  place.replaceChildren(at, rest, word);
  const latest = placeTimes(root);
  const spoken = announcer(root, config.words);
  const skew = config.now - Date.now();
  let endsAt = config.endsAt;
  let asking = false;
  const tick = async () => {
    const left = endsAt - Date.now() - skew;
    at.textContent = left > 0 ? config.words.until.replace("{time}", clockTime(endsAt - skew)) : "";
    rest.textContent = left > 0 ? span(left) : config.words.timeIsUp;
    word.hidden = left <= 0;
    if (latest !== null && left > 0)
      latest.textContent = config.words.endsUnused.replace("{time}", clockTime(endsAt - skew));
    spoken(left);
    const lift =
      config.writeUntil === null ? Number.POSITIVE_INFINITY : config.writeUntil - Date.now() - skew;
    const lifted = root.querySelector("time.lifted");
    if (lifted !== null) lifted.textContent = lift > 0 && Number.isFinite(lift) ? `, ${span(lift)}` : "";
    if ((left > 0 && lift > 0) || asking) return;
    asking = true;
    endsAt = (await ended()) ?? endsAt;
    asking = false;
  };
  place.dateTime = new Date(endsAt).toISOString();
  void tick();
  setInterval(tick, 1000);
  return () => {
    endsAt = Math.max(endsAt, Math.min(config.until, Date.now() + skew + config.idleFor));
  };
}

/**
 * Says the times of the details in the agent's own zone, UTC on hover; gives the one that moves with every use of the page.
 * @param {ShadowRoot} root
 */
function placeTimes(root) {
  for (const it of root.querySelectorAll("time.fixed, time.ends")) {
    if (!(it instanceof HTMLTimeElement)) continue;
    it.title = it.textContent ?? "";
    if (it.className === "fixed")
      it.textContent = new Date(it.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
  return root.querySelector("time.ends");
}

/** @param {number} at */
function clockTime(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/**
 * `27:41`, with hours where there are any.
 * @param {number} ms
 */
export function span(ms) {
  const seconds = Math.ceil(ms / 1000);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const tail = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes % 60)}:${tail}` : `${minutes}:${tail}`;
}

/**
 * Tells screen readers about the last five minutes and the last one, once each; the clock itself stays silent.
 * @param {ShadowRoot} root
 * @param {import("./element.js").Words} words
 */
function announcer(root, words) {
  const status = make("p", "spoken", "");
  status.setAttribute("role", "status");
  root.querySelector(".bar")?.append(status);
  let told = Number.POSITIVE_INFINITY;
  return (/** @type {number} */ left) => {
    const step = [1, 5].find((minutes) => left > 0 && left <= minutes * 60_000) ?? Number.POSITIVE_INFINITY;
    if (step >= told) return;
    told = step;
    status.textContent = step === 1 ? words.oneMinute : words.fiveMinutes;
  };
}
