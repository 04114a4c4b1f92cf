import { hash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Shows times in the reader's own zone. It is inline, because a service worker of the app could replace a file. */
export const LOCAL_TIMES = readFileSync(new URL("local-times-script.js", import.meta.url), "utf8");

/** By which a page's policy knows it. */
export const LOCAL_TIMES_HASH = `'sha256-${hash("sha256", LOCAL_TIMES, "base64")}'`;
