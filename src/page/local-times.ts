import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * Says the times of a page of ours in the reader's own zone. It stands in the page itself: a file could be exchanged by a service worker of
 * the app.
 */
export const LOCAL_TIMES = readFileSync(new URL("local-times-script.js", import.meta.url), "utf8");

/** By which a page's policy knows it. */
export const LOCAL_TIMES_HASH = `'sha256-${hash("sha256", LOCAL_TIMES, "base64")}'`;
